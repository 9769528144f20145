"""The groups of rows of a run as reports show them, from its metrics: see `evaluation.groups`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.metrics.metric import INTERVAL, SUPPORT
from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import is_loss
from fnnctl.metrics.stored import DIFFERENCE, GROUPS
from fnnctl.report.gated_values import LEAST_ROWS
from fnnctl.report.summary import JUDGED_BY, TEST, Summary, scored_rows

_VALIDATION: Final = ("on the validation part", "out of bag")
PLACE: Final = "Where it is worse"
"""The heading of tables and figure."""


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """A group of rows."""

    name: str
    metrics: Mapping[str, Any]
    """As in metrics.json."""

    @property
    def rows(self) -> int:
        """Their number."""
        count: int = self.metrics[SUPPORT]
        return count

    def value(self, metric: str) -> float | None:
        """The metric of its rows; None if it does not exist."""
        number: float | None = self.metrics.get(metric)
        return number

    def interval(self, metric: str) -> list[float] | None:
        """Its 95 % interval."""
        ends: list[float] | None = self.metrics.get(f"{metric}{INTERVAL}")
        return ends

    def drawn_interval(self, metric: str) -> tuple[float, float] | None:
        """The same, for figures."""
        ends = self.interval(metric)
        return None if ends is None else (ends[0], ends[1])

    def difference(self, metric: str) -> Mapping[str, Any] | None:
        """The difference from all other rows: `value`, `ci95`, `p`, `p_holm`."""
        difference: Mapping[str, Any] | None = (self.metrics.get(DIFFERENCE) or {}).get(metric)
        return difference

    def p(self, metric: str) -> float:
        """Holm's p of the difference; 1 without one."""
        value: float = (self.difference(metric) or {}).get("p_holm", 1.0)
        return value

    def differs(self, metric: str) -> bool:
        """Whether the difference is more than chance, after Holm's correction."""
        return self.p(metric) < LEVEL


@dataclass(frozen=True, slots=True)
class MeasuredGroups:
    """The groups of the part on which a run is judged."""

    measured_on: str
    """The rows, for titles: `on the test part`."""
    columns: Mapping[str, Sequence[MeasuredGroup]]
    """The groups by column."""
    metrics: Sequence[str]
    """The metrics that reports show of them, the first one first."""
    overall: Mapping[str, Any]
    """The metrics of all rows."""

    def worst(self, column: str) -> MeasuredGroup | None:
        """The worst group by the first metric, of those with enough rows; None if none has."""
        metric = self.metrics[0]
        known = {
            group.name: (value, group)
            for group in self.columns[column]
            if group.rows >= LEAST_ROWS and (value := group.value(metric)) is not None
        }
        choose = max if is_loss(metric) else min
        return choose(known.values(), key=lambda pair: pair[0])[1] if known else None


def measured_groups(summary: Summary) -> MeasuredGroups | None:
    """The groups of a run; None if it has none.

    In a cross-validation all values, also those of all rows, are of the pooled predictions.
    """
    for part in JUDGED_BY:
        overall = (summary.metrics or {}).get(part) or {}
        groups, task = overall.get(GROUPS), summary.task_report
        if groups:
            first = [key for key in task.first if overall.get(key) is not None]
            metrics = [key for key in first if overall.get(task.instead.get(key, "")) is None]
            return MeasuredGroups(
                scored_rows(summary) if part == TEST else _VALIDATION[summary.out_of_bag],
                {
                    column: [MeasuredGroup(name, values) for name, values in members.items()]
                    for column, members in groups.items()
                },
                metrics,
                overall,
            )
    return None
