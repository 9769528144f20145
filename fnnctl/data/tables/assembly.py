"""Joins the columns of one or two files into the arrays of a Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.packing import Packing
from fnnctl.data.tables.table import Table


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """A file's columns with the label among them; rows without a label are left out of every array."""

    table: Table
    target: str

    @property
    def kept(self) -> BoolArray:
        """(rows,) whether a row has a label."""
        return np.asarray(self.table.categorical[self.target].codes >= 0)

    @property
    def rows(self) -> int:
        """How many rows have a label."""
        return int(np.count_nonzero(self.kept))

    @property
    def labels(self) -> CodedTexts:
        """The labels of the rows that have one."""
        return self.coded(self.target)

    def coded(self, name: str) -> CodedTexts:
        """A categorical column in the rows that have a label."""
        column = self.table.categorical[name]
        return replace(column, codes=column.codes[self.kept])


def numeric_matrix(parts: Sequence[LabelledTable], names: Sequence[str]) -> tuple[FloatArray, Packing | None]:
    """Join the columns `names` of the tables as (N, p) stored numbers, with their packing.

    The numbers of the other tables are appended to those of the first, so that the data are in memory once.
    """
    first, *others = parts
    matrix = first.table.numeric
    matrix.keep(first.kept, names)
    for part in others:
        for block in part.table.numeric.blocks(part.kept, names):
            matrix.append(block)
    return matrix.finish()


def code_matrix(
    parts: Sequence[LabelledTable], names: Sequence[str]
) -> tuple[IntArray, tuple[tuple[str, ...], ...]]:
    """Join the columns `names` of the tables as (N, q) int32 codes, -1 if missing; return the categories too.

    Each column is removed from its table as soon as it is copied, to give its memory back.
    """
    matrix = np.empty((sum(part.rows for part in parts), len(names)), np.int32, order="F")
    categories = []
    for j, name in enumerate(names):
        joined = CodedTexts.joined([part.coded(name) for part in parts])
        matrix[:, j] = joined.codes
        categories.append(joined.texts)
        for part in parts:
            del part.table.categorical[name]
    return matrix, tuple(categories)
