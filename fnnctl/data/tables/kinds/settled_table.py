"""The columns of a file after all decisions: the numbers, the categories, and how each was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.kinds.settling import Settled
from fnnctl.data.tables.matrix import ColumnSource, NumberMatrix
from fnnctl.data.tables.readings import Reading

INDEX = "Unnamed: 0"
"""The name that pandas gives to an index that it has written without one."""
NOT_USED = {
    "text": "nearly all its values are different texts",
    "empty": "it has no values",
}
"""Why columns of some kinds are ignored."""


def all_numbers(matrix: NumberMatrix, names: Sequence[str], settled: Mapping[str, Settled]) -> NumberMatrix:
    """The numeric columns in the order of the header `names`: those of `matrix`, and the converted ones."""
    order: list[str] = []
    added: dict[str, ColumnSource] = {}
    for name in names:
        if name in matrix:
            order.append(name)
        elif name in settled:
            each = settled[name]
            order += each.names
            added.update({part: partial(each.part, j) for j, part in enumerate(each.names)})
    return matrix.joined(order, added) if added else matrix


def all_categories(
    columns: Mapping[str, CodedTexts], settled: Mapping[str, Settled]
) -> dict[str, CodedTexts]:
    """The columns of categories, without those that became numbers or are not used."""
    return {
        name: settled[name].column if name in settled else column
        for name, column in columns.items()
        if name not in settled or settled[name].decision.kind in ("boolean", "categorical")
    }


def readings_of(
    names: Sequence[str],
    matrix: NumberMatrix,
    columns: Mapping[str, CodedTexts],
    settled: Mapping[str, Settled],
    declared: frozenset[str],
) -> dict[str, Reading]:
    """How each column was read, in the order of the header `names`; columns that were not read have none.

    `matrix` and `columns` are those before the decisions, which are in `settled`.
    """
    return {
        reading.name: reading
        for name in names
        for reading in _reading(name, matrix, columns.get(name), settled.get(name), name in declared)
    }


def _reading(
    name: str, matrix: NumberMatrix, column: CodedTexts | None, settled: Settled | None, declared: bool
) -> Iterator[Reading]:
    if not name:
        yield Reading(name=name, kind="index", ignored="it has no name, so it is taken for an index")
    elif column is not None:
        decision = None if settled is None else settled.decision
        kind = "categorical" if decision is None else decision.kind
        yield Reading(
            name=name,
            kind=kind,
            format=decision.format if decision else None,
            example=settled.example if settled else None,
            doubt=decision.doubt if decision else None,
            ignored=NOT_USED.get(kind),
            declared=declared,
            missing=int(np.count_nonzero(column.codes < 0)),
            unique=len(column.texts),
        )
    elif name in matrix:
        missing = matrix.missing(name)
        kind, ignored = "numeric", None
        if missing == matrix.rows and not declared:
            kind, ignored = "empty", NOT_USED["empty"]
        elif name == INDEX and not declared and _counts_rows(matrix):
            kind, ignored = "index", "it counts the rows, so it is taken for an index"
        yield Reading(name=name, kind=kind, ignored=ignored, declared=declared, missing=missing)


def _counts_rows(matrix: NumberMatrix) -> bool:
    values = matrix[INDEX]
    return values.size > 0 and values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))
