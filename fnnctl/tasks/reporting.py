"""What each task shows in reports, as values that `report` renders: labels and keys, no layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Labels of metrics and their keys in metrics.json, in the order of the report."""


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """A table of the metrics of groups of rows, such as classes, from a mapping by group name."""

    key: str
    """The mapping's key in a part's metrics."""
    title: str
    column: str
    """The heading of the column of group names."""
    metrics: Labels
    worst_by: tuple[str, str]
    """Label and key of the metric whose lowest values are shown if there are many groups."""


@dataclass(frozen=True, slots=True)
class FigureFile:
    """A figure of a part's predictions."""

    name: str
    """Its name in the run's folder."""
    source: str
    """The file with the figure's data."""
    what: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """The tables and figures of a report on the predictions of a task's networks."""

    metrics: Labels
    curve: tuple[str, str]
    """Label and history.csv name of the metric that the learning curve shows in addition to the loss."""
    figures: tuple[FigureFile, ...]
    first: tuple[str, ...]
    """The keys of the metrics that are shown first; others are shown only in complete tables."""
    baseline: Labels
    """What the baseline predicts, in sentences, each with the key of a metric to which it applies."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Metrics that are left out where another one, which says the same more precisely, has a value."""
    same: tuple[str, str] | None = None
    """The first metric is left out if it always equals the second."""
    groups: GroupMetrics | None = None
    matrix: tuple[str, str] | None = None
    """Title and corner of the table of the confusion matrix."""

    def shown(self, metrics: Mapping[str, Any]) -> Labels:
        """The labels and keys of these metrics that are not replaced by others; see `instead`."""
        return tuple(
            (label, key)
            for label, key in self.metrics
            if metrics.get(key) is not None and metrics.get(self.instead.get(key, "")) is None
        )


def without_repetition(task: TaskReport, rows: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows of the metrics; of the pair `task.same`, only the second if both show the same numbers."""
    first, second = task.same or ("", "")
    if first in rows and second in rows and rows[first][1:] == rows[second][1:]:
        del rows[first]
    return tuple(rows.values())
