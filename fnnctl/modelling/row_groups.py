"""The groups of the rows that a run is measured on: see `evaluation.groups`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.groupings import Grouping
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import NewRows
from fnnctl.data.splits.parts import Split
from fnnctl.messages import Message
from fnnctl.tasks.group_metrics import GroupedRows
from fnnctl.tasks.task import TaskData
from fnnctl.text import quoted


def fit_groupings(data: TaskData, test: IntArray | None = None) -> tuple[Grouping, ...]:
    """One per column of the setting, with the quartiles of the rows outside the `test` part, (n,)."""
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


def judged_groups(
    data: TaskData, split: Split, groupings: Sequence[Grouping] | None = None
) -> dict[str, GroupedRows | None]:
    """The groups of the test part or, without one, of the validation part, by the name of the part.

    The `groupings` are by default fitted to these data.
    """
    groupings = fit_groupings(data, split.test) if groupings is None else groupings
    name = "test" if split.test.size else "validation"
    return {name: grouped_rows(data, groupings, split.parts[name])}


class NewGroups:
    """Collects the cells of the columns of groups from blocks of new rows."""

    def __init__(self, groupings: Sequence[Grouping]) -> None:
        self._groupings = groupings
        self._codes: dict[str, array[int]] = {grouping.column: array("i") for grouping in groupings}
        self._code_of: dict[str, dict[str, int]] = {grouping.column: {} for grouping in groupings}
        """The code of each text, by column."""

    @property
    def columns(self) -> list[str]:
        """The columns to keep the texts of."""
        return [grouping.column for grouping in self._groupings]

    def add(self, block: NewRows, rows: IntArray) -> None:
        """Add some rows of a block, (m,) indices, which has those columns that there are."""
        if block.kept is None:
            return
        for name, *cells in zip(block.kept_names, *map(block.kept.__getitem__, rows.tolist()), strict=True):
            code_of = self._code_of[name]
            self._codes[name].extend(code_of.setdefault(cell, len(code_of)) for cell in cells)

    def grouped(
        self, file: str, missing: frozenset[str], warn: Callable[[Message], None]
    ) -> GroupedRows | None:
        """The groups of all rows; None without any. `warn` is told of the columns that the file lacks.

        Raises `DataError` for a cell that is not of the column's kind.
        """
        problems, columns = Problems(file), []
        for grouping in self._groupings:
            if code_of := self._code_of[grouping.column]:
                codes = np.array(self._codes[grouping.column], np.intp)
                cells = CodedTexts(codes, tuple(code_of), [None] * len(code_of))
                column = grouping.read(cells, missing, problems)
                if not problems:
                    columns.append(grouping.divide(column))
            else:
                warn(_no_column(file, grouping.column))
        problems.raise_any()
        return GroupedRows(columns) if columns else None


def _no_column(file: str, column: str) -> Message:
    sentence = f"{file} has no column {quoted(column)}, which evaluation.groups names: no groups by it"
    return Message("no_group_column", sentence)
