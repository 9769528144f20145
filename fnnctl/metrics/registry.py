"""All metrics, and what follows from their records. The records are in `class_metrics`,
`number_metrics` and `label_metrics`.

The first metric of a task is its headline: the default objective of a search, the value in a list of runs,
and what the learning curve shows beside the loss.
"""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from typing import Any, Final, TypeAlias

from fnnctl.metrics.class_metrics import CLASS_METRICS
from fnnctl.metrics.label_metrics import LABEL_METRICS
from fnnctl.metrics.metric import (
    CLASSIFICATION,
    INTERVAL,
    NEEDS,
    REGRESSION,
    SEVERAL,
    UNCALIBRATED,
    Metric,
    TargetKind,
    TaskName,
)
from fnnctl.metrics.number_metrics import D2, NUMBER_METRICS
from fnnctl.metrics.plugin_metrics import described, fault_of
from fnnctl.metrics.stored import TARGETS
from fnnctl.plugins import current, values_in_use

TRAIN, VALIDATION = "train_", "validation_"
"""The beginnings of columns of history.csv, before the name of a metric."""
CALIBRATED_LOSS: Final = f"{VALIDATION}calibrated_loss"
"""The column of history.csv with the loss of calibrated probabilities, if it is monitored."""
PER_CLASS: Final = "per_class"
"""The key of a part's metrics of single classes, by the names of the classes."""
PER_LEVEL: Final = "levels"
"""The key of a part's metrics of single quantiles, by their levels."""
BEST_F1: Final = "best_f1"
"""The key of the largest F1 of all thresholds, and of the rates there, in metrics.json."""
_Metrics: TypeAlias = tuple[Metric[Any], ...]
METRICS: Final[_Metrics] = (*CLASS_METRICS, *NUMBER_METRICS, *LABEL_METRICS)


def all_metrics() -> _Metrics:
    """The metrics of fnnctl, those of plug-ins in use, and those that manifests describe: see `described`."""
    described_ones = [described(*item) for item in current().described_metrics.items()]
    added = (*values_in_use("metric"), *described_ones)
    return (*METRICS, *added) if added else METRICS


def find_metric(name: str) -> Metric[Any] | None:
    """The metric of a plug-in, which is looked up; None for other names, and those of fnnctl itself.

    Raises `PluginError`: see `Scope.find`.
    """
    if class_of(name) is not None or any(metric.name == name for metric in METRICS):
        return None
    plugin = current().find("metric", name, metric_fault)
    return None if plugin is None else plugin.value


def find_monitored(column: str) -> Metric[Any] | None:
    """As `find_metric`, for a column of history.csv."""
    return None if column in monitors() else find_metric(column.removeprefix(VALIDATION))


def metric_fault(name: str, metric: Any) -> str | None:
    """Why an object cannot be the metric of this name from a plug-in; None if it can."""
    if any(name in (known.name, known.class_name) for known in METRICS):
        return "fnnctl itself has a metric of this name: choose another one"
    return fault_of(name, metric)


def metrics_of(task: TargetKind, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics of a task, by default all; of rows from which these `kinds` can be computed.

    Those of `several` targets are measured on labels.
    """
    return [metric for metric in all_metrics() if metric.task == task and metric.needs in kinds]


def headline(task: str | None) -> Metric[Any]:
    """The first metric of a task, by default, and of several targets, of a classification."""
    return next((metric for metric in all_metrics() if metric.task == task != SEVERAL), METRICS[0])


def metric_of(name: str) -> Metric[Any] | None:
    """The metric of a key of metrics.json, also within a part or a class; None for other numbers.

    The interval of a metric and its value before calibration are of the same metric.
    """
    key = name.rpartition(".")[2].removesuffix(INTERVAL).removesuffix(UNCALIBRATED)
    if class_of(name) is not None:
        return next(metric for metric in all_metrics() if metric.class_name == key)
    return next((metric for metric in all_metrics() if metric.name == key), None)


def positive_metric(name: str) -> Metric[Any] | None:
    """The metric of a single class that has this key for the positive class, if there is one."""
    key = name.removesuffix(INTERVAL).removesuffix(UNCALIBRATED)
    return next((metric for metric in all_metrics() if metric.per_class and metric.name == key), None)


def is_loss(name: str) -> bool:
    """Whether small values of the metric of this name are better; see `metric_of`."""
    metric = metric_of(name)
    return name == CALIBRATED_LOSS.removeprefix(VALIDATION) or (metric is not None and metric.lower_is_better)


def label_of(name: str) -> str:
    """What texts call the metric of this name, which tasks may share; other names are their own labels."""
    labels = {metric.label for metric in all_metrics() if metric.name == name}
    return labels.pop() if len(labels) == 1 else name


def of_one_target(name: str) -> str | None:
    """The metric in a name like `targets.NAME.METRIC`; the target may contain dots. None for other names."""
    first, *words = name.split(".")
    if first != TARGETS:
        return None
    rests = (".".join(words[start:]) for start in range(1, len(words)))
    names = {metric.name for metric in all_metrics()}
    return next((rest for rest in rests if rest in names or class_of(rest)), None)


def class_of(name: str) -> str | None:
    """The class in a name like `per_class.CLASS.recall`, which may contain dots; None for other metrics."""
    first, _, rest = (of_one_target(name) or name).partition(".")
    owner, _, key = rest.rpartition(".")
    return owner if first == PER_CLASS and owner and key in class_names() else None


def class_names() -> list[str]:
    """The keys of the metrics of a single class."""
    return [metric.class_name for metric in all_metrics() if metric.class_name is not None]


def objectives(task: TargetKind | None = None, kinds: Container[str] = NEEDS) -> list[str]:
    """The names of the metrics that a search can have as its objective, without those of single classes.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    searched = (metric for metric in _searched(all_metrics()) if task in (None, metric.task))
    return list(dict.fromkeys(metric.name for metric in searched if metric.needs in kinds))


@lru_cache
def _searched(metrics: _Metrics) -> _Metrics:
    return tuple(metric for metric in metrics if metric.searched and not metric.per_class)


def monitored(task: TargetKind, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics that training records after every epoch; the first one for the training part as well.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    return [metric for metric in metrics_of(task, kinds) if metric.monitored]


def importance_metrics(task: TaskName | None = None, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics by which the importance of columns is measured; they are ranked by the first of a task.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    measured = (
        metric
        for metric in all_metrics()
        if metric.importance and task in (None, metric.task) and metric.needs in kinds
    )
    return sorted(measured, key=lambda metric: metric.importance != "ranked")


def compared(task: TaskName, kinds: Container[str] = NEEDS, *, per_class: bool = False) -> list[str]:
    """The names of the metrics, of all classes or of single ones, that two test parts can be compared by.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    return [
        metric.class_name or metric.name
        for metric in metrics_of(task, kinds)
        if metric.is_compared and metric.per_class is per_class
    ]


def monitors() -> list[str]:
    """The columns of history.csv that early stopping and an lr_schedule can monitor, for all tasks."""
    return [*_monitors(all_metrics())]


@lru_cache
def _monitors(metrics: _Metrics) -> tuple[str, ...]:
    """The `monitors` among these metrics. The check of a space asks for them thousands of times."""
    headlines = (f"{TRAIN}{metric.name}" for metric in (headline(CLASSIFICATION), headline(REGRESSION), D2))
    recorded = (f"{VALIDATION}{metric.name}" for metric in metrics if metric.monitored)
    return f"{TRAIN}loss", *headlines, f"{VALIDATION}loss", CALIBRATED_LOSS, *recorded
