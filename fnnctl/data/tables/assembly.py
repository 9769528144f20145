"""Joins the columns of one or two files into the arrays of a Dataset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.packing import Packing
from fnnctl.data.tables.table import Table


def numeric_matrix(tables: Sequence[Table], names: Sequence[str]) -> tuple[FloatArray, Packing | None]:
    """Join the columns `names` of the tables as (N, p) stored numbers, with their packing.

    The numbers of the other tables are appended to the first, so that the data are in memory only once.
    """
    first, *others = tables
    first.numeric.keep(np.ones(first.rows, np.bool_), names)
    for table in others:
        for block in table.numeric.blocks(np.ones(table.rows, np.bool_), names):
            first.numeric.append(block)
    return first.numeric.finish()


def code_matrix(
    tables: Sequence[Table], names: Sequence[str]
) -> tuple[IntArray, tuple[tuple[str, ...], ...]]:
    """Join the columns `names` as (N, q) int32 codes, -1 if missing; also return the categories.

    Each column is removed from its table as soon as it is copied, to free its memory.
    """
    matrix = np.empty((sum(table.rows for table in tables), len(names)), np.int32, order="F")
    categories = []
    for j, name in enumerate(names):
        joined = CodedTexts.joined([table.categorical[name] for table in tables])
        matrix[:, j] = joined.codes
        categories.append(joined.texts)
        for table in tables:
            del table.categorical[name]
    return matrix, tuple(categories)
