"""The groups of rows, such as classes, that a network predicts worst."""

from __future__ import annotations

from collections.abc import Mapping

from fnnctl.report.answer.confusion import most_confused
from fnnctl.report.answer.values import WorstGroup
from fnnctl.report.summary import Summary

PERFECT = 1.0


def worst_groups(summary: Summary, part: str, most: int) -> list[WorstGroup]:
    """At most `most` groups with a metric below 1, the lowest first; empty if the task has no groups.

    The confusion matrix is that of the test part, so only there a group has confused pairs.
    """
    groups = summary.task_report.groups
    found = (summary.part_metrics(part) or {}).get(groups.key) if groups else None
    if groups is None or not isinstance(found, Mapping):
        return []
    label, key = groups.worst_by
    scored = [
        (name, metrics)
        for name, metrics in found.items()
        if isinstance(metrics, Mapping)
        and isinstance(value := metrics.get(key), int | float)
        and value < PERFECT
    ]
    others = [each for each in groups.metrics if each[1] != key]
    confusion = summary.confusion if part == "test" else None
    return [
        WorstGroup(
            name,
            tuple((each, metrics.get(of)) for each, of in ((label, key), *others)),
            *(most_confused(*confusion, name) if confusion else (None, None)),
        )
        for name, metrics in sorted(scored, key=lambda each: each[1][key])[:most]
    ]
