"""Puts one file's columns, or two files', together into the arrays of a Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.tables.columns import TextColumn
from fnnctl.data.tables.numbers import ordered
from fnnctl.data.tables.packing import Packing
from fnnctl.data.tables.table import Table


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """A file's columns with the label among them; rows without a label are left out of every array."""

    table: Table
    target: str

    @property
    def label(self) -> TextColumn:
        """The label's column."""
        return self.table.categorical[self.target]

    @property
    def kept(self) -> BoolArray:
        """(rows,) whether a row has a label."""
        return np.asarray(self.label.codes() >= 0)

    @property
    def rows(self) -> int:
        """How many rows have a label."""
        return int(np.count_nonzero(self.kept))


def numeric_matrix(parts: Sequence[LabelledTable], names: Sequence[str]) -> tuple[FloatArray, Packing | None]:
    """Take the columns `names` of the tables, one below the other: (N, p) as stored, with their packing.

    The first table's numbers stay where they are and the others' follow, so that the data lie in memory once.
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
    """Take the columns `names` out of the tables as (N, q) int32 codes, -1 where missing.

    Also return the q tuples of categories. A column's own memory is given back as soon as it is copied.
    """
    matrix = np.empty((sum(part.rows for part in parts), len(names)), np.int32, order="F")
    categories = []
    for j, name in enumerate(names):
        matrix[:, j], texts = coded(parts, name)
        categories.append(texts)
        for part in parts:
            del part.table.categorical[name]
    return matrix, tuple(categories)


def coded(parts: Sequence[LabelledTable], name: str) -> tuple[IntArray, tuple[str, ...]]:
    """Return one column as (N,) intp codes into its sorted texts, -1 where missing, and those texts."""
    columns = [part.table.categorical[name] for part in parts]
    texts = ordered({text for column in columns for text in column.texts()})
    position = {text: code for code, text in enumerate(texts)}
    codes = []
    for column, part in zip(columns, parts, strict=True):
        recode = np.array([*(position[text] for text in column.texts()), -1], np.intp)
        codes.append(recode[column.codes()[part.kept]])  # the code -1 picks the last entry, which is -1
    return np.concatenate(codes), texts
