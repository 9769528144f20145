"""The values that order the rows of a data set, from the column that data.split.by names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.dataset import BLOCK_ROWS, Dataset
from fnnctl.data.splits.parts import Split
from fnnctl.errors import DataError, Problem
from fnnctl.text import counted, quoted

SETTING: Final = "data.split.by"
_DAYS: Final = "days"
"""The part of a date that is the days since the first date."""
MINUTES_PER_DAY: Final = 1440


def order_column(name: str, numeric: Sequence[str], expansions: Mapping[str, Sequence[str]]) -> str:
    """The numeric column whose values order the rows: the column `name`, or the days of a date column.

    `numeric` are all numeric columns, and `expansions` those that were made from other columns. Raises
    DataError if the column has no numbers.
    """
    column = f"{name} {_DAYS}" if name in expansions else name
    if column not in numeric:
        message = f"the column {quoted(name)} has neither numbers nor dates: name another column"
        raise DataError(Problem(message, path=SETTING))
    return column


def row_order(dataset: Dataset, name: str) -> FloatArray:
    """(N,) float64, the values that order the rows by the column `name`, NaN if missing.

    Raises DataError if the column has no numbers.
    """
    names = dataset.numeric_names
    column = [names.index(order_column(name, names, dataset.expansions))]
    starts = range(0, len(dataset), BLOCK_ROWS)
    blocks = [dataset.numbers(slice(start, start + BLOCK_ROWS), column)[:, 0] for start in starts]
    return np.concatenate(blocks)


def refuse_missing(order: FloatArray, name: str, file: str) -> None:
    """Raise DataError if one of the values (n,) of the column `name` of a file is missing."""
    if missing := int(np.count_nonzero(np.isnan(order))):
        message = (
            f"the column {quoted(name)}, which {SETTING} names, has {counted(missing, 'row')} without a "
            "value: fill them in, or leave the rows out"
        )
        raise DataError(Problem(message, file=file))


def split_line(dataset: Dataset, split: Split, name: str) -> str | None:
    """Says where the validation and the test part of a split by the column `name` begin; None if it has none.

    A test file is not described, because the order has no say in it.
    """
    test_rows = split.test[:0] if dataset.test_rows else split.test
    parts: list[str] = []
    for part, rows in (("test", test_rows), ("validation", split.validation)):
        if dataset.order is None or not rows.size:
            continue
        begins = displayed_value(dataset, float(dataset.order[rows].min()), name)
        last_by, before = f"the last {counted(rows.size, 'row')} by {quoted(name)}", counted(rows.size, "row")
        parts.append(f"{part} part: {f'the {before} before' if parts else last_by}, from {begins} on")
    return "; ".join(parts) or None


def fold_line(dataset: Dataset, never_tested: IntArray, name: str) -> str:
    """Says which rows, (n,), the folds in the order of the column `name` only train on."""
    first_rows = counted(never_tested.size, "row")
    if dataset.order is not None and never_tested.size:
        first_rows += f", up to {displayed_value(dataset, float(dataset.order[never_tested].max()), name)},"
    folds = f"folds by {quoted(name)}: each trains on earlier rows only"
    return f"{folds}; the first {first_rows} are never tested"


def displayed_value(dataset: Dataset, value: float, name: str) -> str:
    """A value of the order, for the user."""
    column_type = dataset.types.get(name)
    if column_type is None or not isinstance(column_type.format, DateFormat):
        return f"{value:.15g}"
    minutes = np.timedelta64(round(value * MINUTES_PER_DAY), "m")
    moment = str(np.datetime64(column_type.format.since, "m") + minutes)
    return moment.removesuffix("T00:00").replace("T", " ")
