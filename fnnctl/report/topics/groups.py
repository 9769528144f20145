"""Where a run is worse: the metrics of groups of rows, and how each group differs from all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.comparison.differences import ends, has_points, signed
from fnnctl.report.gated_values import LEAST_ROWS
from fnnctl.report.measured_groups import PLACE, MeasuredGroup, MeasuredGroups, measured_groups
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING, number
from fnnctl.text import p_number

HOLM: Final = "Holm's p"
CAUTION: Final = (
    "A difference does not say why there is one: groups also differ in their other columns, in how hard "
    "their rows are to predict, and in how many of them the network was trained on. Nor does a difference "
    "that may be chance prove that a group is predicted as well as the others: so few rows may not show it."
)


def worst_groups(summary: Summary) -> Iterator[Block]:
    """The worst group by each column, the smallest p first."""
    groups = measured_groups(summary)
    if groups is None:
        return
    metric = groups.metrics[0]
    worst_ones = [(column, worst) for column in groups.columns if (worst := groups.worst(column))]
    rows = [
        (column, worst.name, f"{worst.rows:,}", number(worst.value(metric)), *_difference(worst, metric)[::2])
        for column, worst in sorted(worst_ones, key=lambda pair: pair[1].p(metric))
    ]
    if not rows:
        yield Notes(PLACE, (f"No group has {LEAST_ROWS} rows.",))
        return
    lowest = "highest" if is_loss(metric) else "lowest"
    header = ("by", f"{lowest} {label_of(metric)} in", "rows", "value", _difference_heading(metric), HOLM)
    yield Table(f"The worst groups {groups.measured_on}", header, tuple(rows), texts=(0, 1))


def all_groups(summary: Summary) -> Iterator[Block]:
    """All groups by each column, with their metrics."""
    groups = measured_groups(summary)
    if groups is None:
        return
    for column in groups.columns:
        yield _first_metric(groups, column)
        if len(groups.metrics) > 1:
            yield _other_metrics(groups, column)
    yield Notes("About the groups", tuple(_notes(groups)))


def _first_metric(groups: MeasuredGroups, column: str) -> Table:
    """A row per group, with its first metric and the difference of this one."""
    metric, members = groups.metrics[0], groups.columns[column]
    label, heading = label_of(metric), _difference_heading(metric)
    rows = [
        (group.name, f"{group.rows:,}", number(group.value(metric)), number(group.interval(metric)))
        for group in members
    ]
    differences = [_difference(group, metric) for group in members]
    title, header = f"{label} by {column}", (column, "rows", label, "95 % interval", heading)
    return Table(
        title,
        (*header, "95 % interval", HOLM),
        tuple((*row, *cells) for row, cells in zip(rows, differences, strict=True)),
        narrow=Table(
            title,
            (*header, HOLM),
            tuple((*row, *cells[::2]) for row, cells in zip(rows, differences, strict=True)),
        ),
    )


def _other_metrics(groups: MeasuredGroups, column: str) -> Table:
    """A row per group with its other metrics, of which those that differ from the other rows have a star."""
    title, metrics, members = f"Other metrics by {column}", groups.metrics[1:], groups.columns[column]
    header = (column, *map(label_of, metrics))
    return Table(
        title,
        header,
        tuple((group.name, *(_cell(group, metric) for metric in metrics)) for group in members),
        narrow=Table(
            title,
            header,
            tuple((group.name, *(_value(group, metric) for metric in metrics)) for group in members),
        ),
    )


def _cell(group: MeasuredGroup, metric: str) -> str:
    interval = group.interval(metric)
    return f"{_value(group, metric)} ({number(interval)})" if interval else _value(group, metric)


def _value(group: MeasuredGroup, metric: str) -> str:
    return f"{number(group.value(metric))}{' *' if group.differs(metric) else ''}"


def _difference_heading(metric: str) -> str:
    return f"difference{', points' if has_points(metric) else ''}"


def _difference(group: MeasuredGroup, metric: str) -> tuple[str, str, str]:
    """The difference, its interval, and Holm's p."""
    difference = group.difference(metric)
    if difference is None:
        return NOTHING, NOTHING, NOTHING
    value, p = difference["value"], difference["p_holm"]
    return signed(value, metric), ends(difference["ci95"], metric), p_number(p)


def _notes(groups: MeasuredGroups) -> Iterator[str]:
    """What the numbers are, and what they do not prove."""
    yield (
        "Differences are those from all rows that are not in the group. Holm's p is corrected for the number "
        "of all groups, metric by metric; intervals are not. A star marks differences with p < 0.05."
    )
    if any(group.rows < LEAST_ROWS for members in groups.columns.values() for group in members):
        yield (
            f"A gate on the worst group leaves out groups with fewer than {LEAST_ROWS} rows, as the first "
            "table does."
        )
    yield CAUTION
