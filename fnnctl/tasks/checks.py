"""Settings that belong to another task: all tasks refuse them with the same messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fnnctl.config.schema.losses import LOSS_RECORDS, AutoOutput, Output
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule
from fnnctl.errors import Problem
from fnnctl.metrics.metric import TaskName
from fnnctl.metrics.registry import objectives
from fnnctl.tasks.epoch_metrics import EpochMetrics

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


def refused_output(output: Output, task: TaskName) -> Iterator[Problem]:
    """A problem if `model.output` is an output of another task."""
    if not isinstance(output, AutoOutput) and LOSS_RECORDS[output.name].task != task:
        text = f"{output.name} is not an output of a {task}"
        yield Problem(text, path="model.output", advice="write output: auto", has_subject=True)


def refused_monitors(experiment: Experiment, metrics: EpochMetrics, task: str) -> Iterator[Problem]:
    """A problem for each monitor that is not a column of the task's history."""
    training = experiment.training
    monitors = {}
    if training.early_stopping is not None:
        monitors["training.early_stopping.monitor"] = training.early_stopping.monitor
    if isinstance(training.lr_schedule, AdaptiveLrSchedule):
        monitors["training.lr_schedule.monitor"] = training.lr_schedule.monitor
    columns = (*metrics.training_columns, *metrics.validation_columns)
    for path, monitor in monitors.items():
        if monitor not in columns:
            text, advice = f"{monitor} is not recorded in a {task}", f"choose from {', '.join(columns)}"
            yield Problem(text, path=path, advice=advice, has_subject=True)


def refused_metric(metric: str, task: TaskName) -> str | None:
    """Why a metric of another task cannot be used here; None for any other name."""
    if metric in objectives() and metric not in objectives(task):
        return f"{metric} is not a metric of a {task}; choose from {', '.join(objectives(task))}"
    return None
