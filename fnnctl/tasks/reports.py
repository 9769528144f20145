"""What each task shows in reports, as values that `report` renders; it loads no engine."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from fnnctl.metrics.class_metrics import COST, F1
from fnnctl.metrics.metric import (
    CLASSIFICATION,
    INTERVAL,
    NEEDS,
    REGRESSION,
    SEVERAL,
    SUPPORT,
    UNCALIBRATED,
    Metric,
    TargetKind,
    TaskName,
)
from fnnctl.metrics.number_metrics import D2, PINBALL
from fnnctl.metrics.registry import PER_CLASS, TRAIN, headline, label_of, metrics_of, monitored

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Labels of metrics and their keys in metrics.json, in the order of the report."""
ROWS: Final = ("rows", SUPPORT)
"""The row of the number of rows, in tables of metrics."""


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """A table of the metrics of groups of rows, such as classes, from a mapping by group name."""

    key: str
    """The mapping's key in a part's metrics."""
    title: str
    column: str
    """The heading of the column of group names."""
    task: TaskName
    worst_by: tuple[str, str]
    """Label and key of the metric whose lowest values are shown if there are many groups."""

    @property
    def metrics(self) -> Labels:
        """The labels and keys of the metrics of a group."""
        groups = (
            (metric.label, metric.class_name)
            for metric in metrics_of(self.task)
            if metric.class_name is not None and metric.in_class_table
        )
        return *groups, ROWS


class BaselineSentence(NamedTuple):
    """What the baseline predicts, in a sentence."""

    text: str
    metric: str
    """The key of the metric to which it applies."""
    unless: tuple[str, ...] = ()
    """The keys of metrics beside which another sentence says more."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """The tables of a report on the predictions of a task's networks."""

    tasks: tuple[TargetKind, ...]
    """The task of the target, or those of several targets, and `several` for what all together have."""
    baseline: tuple[BaselineSentence, ...]
    """What the baseline predicts."""
    regions: tuple[str, str]
    """What the regions around predictions are, and what is their mean size."""
    region_part: str
    """What has a share of its own among the regions: a class, or a tenth of the predictions."""
    groups: GroupMetrics | None = None
    matrix: tuple[str, str] | None = None
    """Title and corner of the table of the confusion matrix."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of metrics that are called otherwise elsewhere."""

    @property
    def metrics(self) -> Labels:
        """The rows of a complete table of metrics: a metric is followed by its interval and so on."""
        rows: list[tuple[str, str]] = []
        for metric in self._in_order():
            if metric.reported == "no":
                continue
            rows.append((self._label(metric), metric.name))
            if metric.interval:
                rows.append(("  95 % interval", f"{metric.name}{INTERVAL}"))
            if metric.has_uncalibrated:
                rows.append(("  before calibration", f"{metric.name}{UNCALIBRATED}"))
        return *rows, ROWS

    @property
    def first(self) -> tuple[str, ...]:
        """The keys of the metrics that are shown first; others are shown only in complete tables."""
        return tuple(metric.name for metric in self._in_order() if metric.reported == "first")

    @property
    def main(self) -> tuple[str, ...]:
        """Those of `first` that a report begins with: of several targets one per kind, as scales differ.

        Before them there are those of labels.
        """
        if len(self.tasks) == 1:
            return self.first
        together = [metric.name for metric in metrics_of(SEVERAL)]
        return *together, *(headline(task).name for task in self.tasks if task != SEVERAL)

    @property
    def instead(self) -> dict[str, str]:
        """Metrics that are left out where another one, which says the same more precisely, has a value."""
        names = ((metric.instead_of, metric.name) for metric in self._all() if metric.instead_of)
        return {f"{name}{end}": other for name, other in names for end in ("", INTERVAL, UNCALIBRATED)}

    def label_of(self, metric: str) -> str:
        """What reports call the metric of this name; see `registry.label_of` for those of other tasks."""
        own = next((record for record in self._all() if record.name == metric), None)
        return label_of(metric) if own is None else self._label(own)

    def _label(self, metric: Metric[Any]) -> str:
        """Of several targets, what one target has is a mean."""
        is_mean = len(self.tasks) > 1 and metric.task != SEVERAL
        return self.labels.get(metric.name, f"mean {metric.label}" if is_mean else metric.label)

    def curve(self, columns: Container[str]) -> tuple[str, str]:
        """Label and name of the metric that the learning curve shows in addition to the loss.

        It is the first one that the `columns` of history.csv have for the training part.
        """
        of_tasks = [metric for task in self.tasks for metric in monitored(task)]
        recorded = (metric for metric in of_tasks if f"{TRAIN}{metric.name}" in columns)
        metric = next(recorded, headline(self.tasks[-1]))
        return metric.label, metric.name

    def _all(self) -> list[Metric[Any]]:
        return [metric for task in self.tasks for metric in metrics_of(task)]

    def _in_order(self) -> list[Metric[Any]]:
        """The metrics by what they need; one that stands in for another one is in its place."""
        metrics = self._all()
        positions = {metric.name: index for index, metric in enumerate(metrics)}
        return sorted(
            metrics,
            key=lambda metric: (NEEDS.index(metric.needs), positions[metric.instead_of or metric.name]),
        )

    def reported_metrics(self, metrics: Mapping[str, Any]) -> Labels:
        """The labels and keys of these metrics that are not replaced by others; see `instead`."""
        return tuple(
            (label, key)
            for label, key in self.metrics
            if metrics.get(key) is not None and metrics.get(self.instead.get(key, "")) is None
        )


def without_repetition(task: TaskReport, rows: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows of the metrics, by name, without those that show the same numbers as another one."""
    repeated = {
        metric.name
        for task_name in task.tasks
        for metric in metrics_of(task_name)
        if metric.name in rows
        and (equal := rows.get(metric.equals or ""))
        and rows[metric.name][1:] == equal[1:]
    }
    return tuple(row for name, row in rows.items() if name not in repeated)


CLASSIFICATION_REPORT: Final = TaskReport(
    tasks=(CLASSIFICATION,),
    baseline=(
        BaselineSentence(
            "Baseline: the training part's class shares, so always its most frequent class.",
            headline(CLASSIFICATION).name,
        ),
        BaselineSentence(
            "The baseline's cost is that of always predicting the class that costs less.", COST.name
        ),
    ),
    regions=("sets", "mean size"),
    region_part="class",
    groups=GroupMetrics(
        key=PER_CLASS,
        title="Classes",
        column="class",
        task=CLASSIFICATION,
        worst_by=(F1.label, F1.name),
    ),
    matrix=("Confusion matrix", "true \\ predicted"),
)


REGRESSION_REPORT: Final = TaskReport(
    tasks=(REGRESSION,),
    baseline=(
        BaselineSentence(
            "Baseline: always the mean of the training part.",
            headline(REGRESSION).name,
            unless=(PINBALL.name, D2.name),
        ),
        BaselineSentence(
            "Baseline: always the mean of the training part, or with an exposure its mean rate times that.",
            D2.name,
        ),
        BaselineSentence("Baseline: always the quantiles of the training part.", PINBALL.name),
    ),
    regions=("intervals", "mean width"),
    region_part="prediction",
)


SEVERAL_REPORT: Final = TaskReport(
    tasks=(SEVERAL, REGRESSION, CLASSIFICATION),
    baseline=(),
    regions=("regions", "mean size"),
    region_part="prediction",
    labels={"loss": "loss, relative"},
)
"""Of several targets: its metrics are those of labels, and means over the targets of one kind."""


TASK_REPORTS: Final[Mapping[str, TaskReport]] = {
    "classification": CLASSIFICATION_REPORT,
    "regression": REGRESSION_REPORT,
    "several": SEVERAL_REPORT,
}
