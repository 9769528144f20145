"""Settings that belong to another task: all tasks refuse them with the same messages."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from fnnctl.config.schema.losses import AutoOutput, Output, loss_record
from fnnctl.errors import Problem
from fnnctl.metrics.metric import NEEDS, Needs, TaskName
from fnnctl.metrics.registry import metrics_of, objectives
from fnnctl.tasks.epoch_metrics import EpochMetrics
from fnnctl.text import did_you_mean

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


def refused_output(output: Output, task: TaskName) -> Iterator[Problem]:
    """A problem if `model.output` is an output of another task."""
    if not isinstance(output, AutoOutput) and (other := loss_record(output.name).task) != task:
        text, advice = f"{output.name} is not an output of a {task}", f"write task: {other}, or output: auto"
        yield Problem(text, path="model.output", advice=advice, has_subject=True)


def refused_monitors(experiment: Experiment, metrics: EpochMetrics, where: str) -> Iterator[Problem]:
    """A problem for each monitor that is not a column of the history, such as that `in a regression`."""
    for path, monitor in experiment.training.monitors.items():
        if monitor not in metrics.monitors:
            target = monitor.rpartition(".")[0]  # such as validation_targets.price
            of_target = [column for column in metrics.monitors if target and column.startswith(f"{target}.")]
            near = did_you_mean(monitor, metrics.monitors) if target and not of_target else ""
            choices = ", ".join(of_target) or metrics.monitors_in_words
            advice = "" if near else f"choose from {choices}"
            text = f"{monitor} is not recorded {where}{near}"
            yield Problem(text, path=path, advice=advice, has_subject=True)


def refused_metrics(experiment: Experiment, task: TaskName) -> Iterator[Problem]:
    """A problem for each metric of a plug-in that is one of another task."""
    for index, name in enumerate(experiment.evaluation.metrics):
        if refused_metric(name, task):
            text, path = f"{name} is not a metric of a {task}", f"evaluation.metrics[{index}]"
            yield Problem(text, path=path, advice="leave it out", has_subject=True)


ONLY_FOR: Final[Mapping[Needs, str]] = {"ranks": "needs the order of the classes: write data.class_order"}
"""What metrics need that not all targets of their task have, by `Metric.needs`."""


def refused_metric(metric: str, task: TaskName, kinds: Container[str] = NEEDS) -> str | None:
    """Why a metric cannot be used here: it is of another task, or the task's rows do not have these `kinds`.

    None for any other name.
    """
    choices = objectives(task, kinds)
    if metric not in objectives() or metric in choices:
        return None
    record = next((record for record in metrics_of(task) if record.name == metric), None)
    reason = f"is not a metric of a {task}" if record is None else ONLY_FOR[record.needs]
    return f"{metric} {reason}; choose from {', '.join(choices)}"
