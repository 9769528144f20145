"""What a task declares of its reports, as values that `report` renders: labels and keys, no layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Labels of metrics and their keys in metrics.json, in the order of the report."""


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """A table of the metrics of groups of rows, such as classes, which stand in a mapping by name."""

    key: str
    """The mapping's key in a part's metrics."""
    title: str
    column: str
    """What a group is called."""
    metrics: Labels
    worst_by: tuple[str, str]
    """Label and key of the metric whose lowest values are shown if there are many groups."""


@dataclass(frozen=True, slots=True)
class FigureFile:
    """A figure of a part's predictions."""

    name: str
    """Its name in the run's folder."""
    source: str
    """The file that has the numbers behind it."""
    what: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What a report says of the predictions of a task's networks."""

    metrics: Labels
    curve: tuple[str, str]
    """Label and name of the metric that the learning curve shows beside the loss, as in history.csv."""
    figures: tuple[FigureFile, ...]
    same: tuple[str, str] | None = None
    """The first metric is left out if it equals the second throughout."""
    groups: GroupMetrics | None = None
    matrix: tuple[str, str] | None = None
    """Title and corner of the table of the confusion matrix."""
