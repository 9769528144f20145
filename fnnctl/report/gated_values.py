"""The value that a gate's metric has in a run, by its name in metrics.json or as the worst of groups of rows.

Names of columns and groups may contain dots, so a name is compared with those that the run has, and never
divided at its dots. A name that the run does not have is an error that says what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fnnctl.errors import UsageError
from fnnctl.metrics.metric import SUPPORT
from fnnctl.metrics.registry import is_loss
from fnnctl.metrics.stored import DIFFERENCE, FOLDS, GROUPS, PARTS, flat_metrics
from fnnctl.report.summary import TEST, Summary
from fnnctl.text import counted, did_you_mean, quoted, word_list

WORST: Final = "worst"
"""In place of a group's name: the worst of those that have enough rows."""
LEAST_ROWS: Final = 30
"""Groups with fewer rows are not gated: with 30 rows, the interval of an accuracy of 0.9 is 0.74 to 0.97."""

NO_GROUPS_ADVICE: Final = ": write evaluation.groups: [COLUMN] into the config, and train again"


@dataclass(frozen=True, slots=True)
class GatedValue:
    """A metric's value, and which rows it is of, if it is the worst of groups."""

    value: float
    of_rows: str = ""
    """For messages, such as `'north', 45 rows`."""
    note: str = ""
    """Which groups were left out, in a sentence without a full stop."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further entries in JSON."""


def gated_value(name: str, summary: Summary) -> GatedValue:
    """The value of a gate's metric, on the test part unless the name begins with another part.

    A cross-validation has only a test part: see `reported_metrics`. Raises `UsageError` if there is none.
    """
    first, _, rest = name.partition(".")
    part, inner = (first, rest) if rest and first in PARTS else (TEST, name)
    metrics = summary.part_metrics(part)
    if summary.metrics is None:
        raise _error(name, f"{summary.path} has no metrics ({summary.displayed_status})")
    if metrics is None:
        raise _error(name, f"{summary.path} has no metrics for the {part} part")
    if inner.startswith(f"{GROUPS}."):
        return _of_groups(name, inner.removeprefix(f"{GROUPS}."), metrics.get(GROUPS) or {}, part, summary)
    values = flat_metrics({key: value for key, value in metrics.items() if key != GROUPS})
    mean = rest.removesuffix(".mean")
    if first == FOLDS and mean in values:
        raise _error(name, f"the means over the folds have names without {FOLDS}: write {mean}")
    return GatedValue(_known(name, inner, values, str(summary.path)))


def _of_groups(name: str, inner: str, groups: Mapping[str, Any], part: str, summary: Summary) -> GatedValue:
    """The value of a metric of a group, `COLUMN.GROUP.METRIC`, or of the worst group of a column."""
    if not groups:
        advice = "" if _has_groups(summary) else NO_GROUPS_ADVICE
        raise _error(name, f"{summary.path} has no groups of rows in its {part} part{advice}")
    columns = [column for column in groups if f"{inner}.".startswith(f"{column}.")]
    if not columns:
        column, listing = inner.partition(".")[0], word_list([*map(quoted, groups)])
        hint = did_you_mean(column, groups) or f"; it has groups by {listing}"
        raise _error(name, f"{summary.path} has no groups by {quoted(column)}{hint}")
    column = max(columns, key=lambda column: (_has_group(groups[column], inner, column), len(column)))
    rest, members = inner.removeprefix(f"{column}."), _without_differences(groups[column])
    if rest.startswith(f"{WORST}."):
        return _worst(name, rest.removeprefix(f"{WORST}."), column, members, summary)
    for group in sorted(members, key=len, reverse=True):
        if rest.startswith(f"{group}."):
            owner = f"the group {quoted(group)} in {summary.path}"
            return GatedValue(
                _known(name, rest.removeprefix(f"{group}."), flat_metrics(members[group]), owner)
            )
    form = f"write {GROUPS}.{column}.GROUP.METRIC, with {WORST} as the group, or one of"
    raise _error(name, f"{form} {word_list([*map(quoted, members)])}")


def _has_groups(summary: Summary) -> bool:
    return any((summary.part_metrics(part) or {}).get(GROUPS) for part in PARTS)


def _has_group(members: Mapping[str, Any], inner: str, column: str) -> bool:
    """Whether the name goes on with a group of the column."""
    return any(inner.startswith(f"{column}.{group}.") for group in (*members, WORST))


def _without_differences(members: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics of each group: a difference has no direction that a gate could know."""
    return {
        group: {key: value for key, value in metrics.items() if key != DIFFERENCE}
        for group, metrics in members.items()
    }


def _worst(
    name: str, metric: str, column: str, members: Mapping[str, Mapping[str, Any]], summary: Summary
) -> GatedValue:
    rows = {group: metrics[SUPPORT] for group, metrics in members.items()}
    gated = [group for group, count in rows.items() if count >= LEAST_ROWS]
    if not gated:
        largest = max(rows, key=rows.__getitem__)
        raise _error(
            name,
            f"no group by {quoted(column)} in {summary.path} has {LEAST_ROWS} rows; the largest, "
            f"{quoted(largest)}, has {rows[largest]:,}",
        )
    values = {
        group: _known(
            name, metric, flat_metrics(members[group]), f"the group {quoted(group)} in {summary.path}"
        )
        for group in gated
    }
    worst = (max if is_loss(metric) else min)(values, key=values.__getitem__)
    return GatedValue(
        values[worst],
        of_rows=f"{quoted(worst)}, {counted(rows[worst], 'row')}",
        note="; ".join(_notes(column, rows, gated, worst)),
        details={"group": worst, "rows": rows[worst]},
    )


def _notes(column: str, rows: Mapping[str, int], gated: Sequence[str], worst: str) -> Iterator[str]:
    """Which group is the worst one, and which are too small."""
    yield f"the worst of {counted(len(gated), 'group')} by {quoted(column)} is {quoted(worst)}"
    if small := [quoted(group) for group in rows if group not in gated]:
        yield f"left out, because they have fewer than {LEAST_ROWS} rows: {word_list(small)}"


def _known(name: str, metric: str, values: Mapping[str, float | None], owner: str) -> float:
    """The value of a metric; raises `UsageError` if there is no such metric, or if it is null."""
    if metric not in values:
        names = [key for key in values if "." not in key]
        hint = did_you_mean(metric, values) or f"; the metrics are {', '.join(names)}"
        raise _error(name, f"{owner} has no metric '{metric}'{hint}")
    value = values[metric]
    if value is None:
        raise _error(name, f"the metric has no value in {owner} (it is null)")
    return value


def _error(name: str, problem: str) -> UsageError:
    return UsageError(f"--fail-under '{name}': {problem}")
