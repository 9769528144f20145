"""The metrics of groups of rows, and the difference of each group from all other rows.

They are measured for all columns of `evaluation.groups`, on rows that were not trained on. A group that is
predicted worse is found by an exact test of shares and by bootstraps of other metrics, with a correction for
the number of tests: of ten groups that are predicted equally well, one has p < 0.1 in two of three samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.groupings import RowGroups
from fnnctl.metrics.comparison.difference import Difference
from fnnctl.metrics.comparison.measures import Influences, Measure, of_groups
from fnnctl.metrics.comparison.rows import own_intervals, unpaired_differences
from fnnctl.metrics.metric import INTERVAL, SUPPORT
from fnnctl.metrics.paired import holm
from fnnctl.metrics.registry import all_metrics
from fnnctl.metrics.stored import DIFFERENCE, GROUPS
from fnnctl.seeds import Purpose, stream
from fnnctl.store import names
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.folds import mean_metrics
from fnnctl.tasks.task import Artifact, PartScores

COLUMNS: Final = (
    "column", "group", "rows", "metric", "value", "low", "high",
    "difference", "difference_low", "difference_high", "p", "p_holm",
)  # fmt: skip
"""Those of groups.csv; `low` and `high` are the ends of 95 % intervals."""


@dataclass(frozen=True, slots=True)
class GroupedRows:
    """The groups of n rows."""

    columns: Sequence[RowGroups]
    """By one column or several, (n,) each."""
    dependent: IntArray | None = None
    """(n,) the group of `data.split.group` of each row; None if the rows are independent."""

    def of_rows(self, rows: IntArray) -> GroupedRows:
        """The groups of some rows, by their indices."""
        dependent = None if self.dependent is None else self.dependent[rows]
        return GroupedRows([column.of_rows(rows) for column in self.columns], dependent)


def with_groups(part: PartScores, rows: GroupedRows | None) -> dict[str, Any]:
    """The part's entry in metrics.json, with the groups of its rows, if there are any."""
    return part.metrics() | ({} if rows is None else group_metrics([(part, rows)]))


def group_metrics(parts: Sequence[tuple[PartScores, GroupedRows]]) -> dict[str, Any]:
    """The entry of metrics.json: for each column and group its metrics, and its differences by metric.

    There are several `parts` if the rows were predicted several times: metrics, differences and the ends of
    intervals are then means, and p is twice the mean of the parts' p, which is valid however much they depend
    on one another (Vovk & Wang, Biometrika 107, 2020). p values have Holm's correction for all groups of all
    columns, metric by metric.
    """
    entries = mean_metrics([_measured(part, rows) for part, rows in parts])
    columns = [[group[DIFFERENCE] for group in groups.values()] for groups in entries.values()]
    for metric in dict.fromkeys(name for groups in columns for group in groups for name in group):
        _correct([[group.get(metric) for group in groups] for groups in columns], repeats=len(parts))
    return {GROUPS: entries}


def group_table(metrics: Mapping[str, Any] | None) -> Iterator[Artifact]:
    """groups.csv from a part's entry in metrics.json, a row per group and tested metric; else nothing."""
    if metrics is None or GROUPS not in metrics:
        return
    columns = metrics[GROUPS].items()
    tested = _compared(metrics)
    rows = (
        _table_row(column, group, of_group, metric)
        for column, groups in columns
        for group, of_group in groups.items()
        for metric in tested
    )
    yield names.GROUPS, csv_lines(COLUMNS, rows)


def _table_row(column: str, group: str, metrics: Mapping[str, Any], metric: str) -> list[object]:
    difference = metrics[DIFFERENCE].get(metric) or {}
    cells = [
        metrics.get(metric),
        *(metrics.get(f"{metric}{INTERVAL}") or (None, None)),
        difference.get("value"),
        *(difference.get("ci95") or (None, None)),
        difference.get("p"),
        difference.get("p_holm"),
    ]
    return [column, group, metrics[SUPPORT], metric, *cells]


def _measured(part: PartScores, rows: GroupedRows) -> dict[str, dict[str, Any]]:
    tested = _compared(part.metrics(complete=False))
    return {
        column.column: dict(_of_column(part, column, tested, rows.dependent, number))
        for number, column in enumerate(rows.columns)
    }


def _compared(metrics: Mapping[str, Any]) -> list[str]:
    """The metrics whose differences are tested: those that reports show first and that follow from rows."""
    first = [
        metric
        for metric in all_metrics()
        if metric.reported == "first" and metric.is_compared and metrics.get(metric.name) is not None
    ]
    replaced = {metric.instead_of for metric in first}
    return [metric.name for metric in first if metric.name not in replaced]


def _of_column(
    part: PartScores, column: RowGroups, tested: Sequence[str], dependent: IntArray | None, number: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The metrics of each group that has rows; the column's `number` determines random numbers."""
    differences: dict[str, Difference] = {}
    present = np.unique(column.codes).tolist()
    for code in present:
        inside = column.codes == code
        rows, others = np.flatnonzero(inside), np.flatnonzero(~inside)
        of_group, rng = part.subset(rows), stream(0, Purpose.ROW_GROUPS, number, code)
        measures = _measures(of_group, tested, None if dependent is None else dependent[rows])
        metrics = of_group.metrics()
        lacking = [name for name in measures if metrics.get(f"{name}{INTERVAL}") is None]
        intervals = own_intervals([measures[name] for name in lacking], rng)
        metrics |= {f"{name}{INTERVAL}": ends for name, ends in zip(lacking, intervals, strict=True)}
        if len(present) == 2 and code == present[1]:  # the same test as that of the first group
            differences = {name: difference.reversed() for name, difference in differences.items()}
        elif len(others):
            rest = _measures(part.subset(others), tested, None if dependent is None else dependent[others])
            pairs = {name: (measures[name], rest[name]) for name in measures if name in rest}
            differences = dict(zip(pairs, unpaired_differences(list(pairs.values()), rng), strict=True))
        entries = {name: _entry(difference) for name, difference in differences.items()}
        yield column.names[code], {**metrics, DIFFERENCE: entries}


def _measures(part: PartScores, tested: Sequence[str], dependent: IntArray | None) -> dict[str, Measure]:
    """The metrics that have a value on these rows; of dependent rows those that are sums over them."""
    measures: dict[str, Measure] = {}
    for name in tested:
        measure = part.measure(name)
        if measure is not None and dependent is not None:
            measure = None if isinstance(measure, Influences) else of_groups(measure, dependent)
        if measure is not None:
            measures[name] = measure
    return measures


def _entry(difference: Difference) -> dict[str, Any]:
    return {"value": difference.value, "ci95": difference.ci95, "p": difference.p}


def _correct(columns: Sequence[Sequence[dict[str, Any] | None]], *, repeats: int) -> None:
    """Complete the tests of one metric, in place, by the columns' groups; None for a group without one.

    Those of a column's only two groups are the same test.
    """
    tests: list[list[dict[str, Any]]] = []
    for groups in columns:
        tested = [group for group in groups if group is not None]
        tests += [tested] if len(groups) == 2 and tested else [[group] for group in tested]
    means = [same[0]["p"] for same in tests]
    p = means if repeats == 1 else [min(1.0, 2 * mean) for mean in means]
    for same, value, corrected in zip(tests, p, holm(p), strict=True):
        for test in same:
            test |= {"p": value, "p_holm": corrected}
