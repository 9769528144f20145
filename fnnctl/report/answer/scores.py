"""The first metrics of a run, with interval and baseline, and the part on which they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.report.answer.values import Score
from fnnctl.report.summary import Summary
from fnnctl.tasks.reporting import TaskReport

TEST, VALIDATION, TRAIN = "test", "validation", "train"
JUDGED_BY: Final = (TEST, VALIDATION, TRAIN)
"""The first of these parts that has scores is the one that a report speaks of first."""


def judged_part(summary: Summary) -> str | None:
    """The part on which the run is judged; None if it has no scores."""
    return next((part for part in JUDGED_BY if summary.part_metrics(part)), None)


def first_scores(summary: Summary, part: str) -> list[Score]:
    """The task's first metrics on a part; for a search, its objective before all others.

    In a cross-validation, values and intervals are those of the mean over the folds.
    """
    task, metrics = summary.task_report, summary.part_metrics(part) or {}
    objectives = [summary.search.metric] if summary.search else []
    others = [key for key in task.first if metrics.get(task.instead.get(key, "")) is None]
    wanted = dict.fromkeys([*objectives, *others])
    folds = summary.cross_validation or {}
    baseline = metrics.get("baseline") or {}
    return [
        Score(_label(task, key), key, value, _interval(metrics, folds, key), _number(baseline.get(key)))
        for key in wanted
        if (value := _number(metrics.get(key))) is not None
    ]


def _label(task: TaskReport, key: str) -> str:
    return next((label.strip() for label, name in task.metrics if name == key), key.replace("_", " "))


def _interval(metrics: Mapping[str, Any], folds: Mapping[str, Any], key: str) -> tuple[float, float] | None:
    entry = folds.get(key)
    found = entry.get("ci95") if isinstance(entry, Mapping) else metrics.get(f"{key}_ci95")
    if isinstance(found, list) and len(found) == 2 and None not in found:
        return float(found[0]), float(found[1])
    return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
