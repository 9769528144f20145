"""The metrics of plug-ins: what they may be, and how a report knows them without importing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from fnnctl.metrics.metric import (
    DESCRIBED,
    NEEDS_OF_TASKS,
    SEVERAL,
    Given,
    Metric,
    OfCounts,
    OfPart,
    OfRows,
    TaskName,
)
from fnnctl.text import joined_words, quoted


def described(name: str, facts: Mapping[str, Any]) -> Metric[Any]:
    """A metric as the manifest of a run describes it, for reports: without its formula."""
    return Metric(name=name, formula=Given(), searched=False, **{key: facts[key] for key in DESCRIBED})


def fault_of(name: str, metric: Any) -> str | None:
    """Why an object cannot be the metric of this name; None if it can. The name must not be fnnctl's own."""
    if not isinstance(metric, Metric):
        return f"it must be a Metric, and is of the type {type(metric).__name__}"
    if metric.name != name:
        return f"its record has the name {quoted(metric.name)}"
    if metric.task not in get_args(TaskName):
        return f"its task must be {joined_words(get_args(TaskName), 'or')}"
    if metric.per_class or metric.has_uncalibrated:
        return "class_name and has_uncalibrated are for metrics of fnnctl itself"
    is_regression = metric.task == "regression"
    if metric.task == SEVERAL or metric.needs not in NEEDS_OF_TASKS[metric.task]:
        return f"it needs {metric.needs}, which a {metric.task} does not have"
    formulas = (OfRows, OfPart) if is_regression else (OfRows, OfCounts, OfPart)
    if not isinstance(metric.formula, formulas):
        names = joined_words([kind.__name__ for kind in formulas], "or")
        return f"its formula must be {names} in a {metric.task}"
    if metric.monitored and (metric.needs != "predictions" or isinstance(metric.formula, OfPart)):
        return "what is monitored must follow from the predictions of rows or from counts"
    if metric.interval not in (None, "bootstrap" if is_regression else "wilson"):
        return f"a {metric.task} has no interval {quoted(metric.interval)}"
    return None
