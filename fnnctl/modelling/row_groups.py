"""The groups of the rows that a run is measured on: see `evaluation.groups`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.groupings import Grouping
from fnnctl.data.splits.parts import Split
from fnnctl.tasks.group_metrics import GroupedRows
from fnnctl.tasks.task import TaskData


def fit_groupings(data: TaskData, test: IntArray | None = None) -> tuple[Grouping, ...]:
    """One per column of the setting, with the quartiles of the rows outside the `test` part, (n,)."""
    if not data.dataset.grouped:
        return ()
    rows = np.arange(len(data))
    rows = rows if test is None else np.delete(rows, test)
    return tuple(Grouping.fit(column, rows) for column in data.dataset.grouped)


def grouped_rows(data: TaskData, groupings: Sequence[Grouping], rows: IntArray) -> GroupedRows | None:
    """The groups of some rows, (n,), of the data of a run; None without groups."""
    if not groupings or not len(rows):
        return None
    columns = zip(groupings, data.dataset.grouped, strict=True)
    dependent = data.dataset.groups
    return GroupedRows(
        [grouping.divide(column.of_rows(rows)) for grouping, column in columns],
        None if dependent is None else dependent[rows],
    )


def judged_groups(data: TaskData, split: Split) -> dict[str, GroupedRows | None]:
    """The groups of the test part or, without one, of the validation part, by the name of the part."""
    groupings = fit_groupings(data, split.test)
    name = "test" if split.test.size else "validation"
    return {name: grouped_rows(data, groupings, split.parts[name])}
