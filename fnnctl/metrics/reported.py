"""The value of each metric of a run that `report` and `runs` show and that gates check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PARTS: Final = ("train", "validation", "test")
"""The parts of the data that metrics.json has metrics of."""


def reported_metrics(metrics: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The content of metrics.json; in a cross-validation, `test` has the means over the folds.

    In metrics.json itself, `test` has the metrics of the pooled out-of-fold predictions. Metrics that are not
    measured per fold, such as those of each class, remain the pooled ones. Each interval is replaced by that
    of the mean, and the baseline by its mean over the folds, if that was measured.
    """
    if metrics is None:
        return None
    test, folds = metrics.get("test"), metrics.get("cross_validation")
    if not isinstance(test, Mapping) or not isinstance(folds, Mapping):
        return dict(metrics)
    entries = {name: entry for name, entry in folds.items() if isinstance(entry, Mapping) and "mean" in entry}
    means = {name: entry.get("mean") for name, entry in entries.items()}
    intervals = {key: entry.get("ci95") for name, entry in entries.items() if (key := f"{name}_ci95") in test}
    baseline = {"baseline": folds["baseline"]} if folds.get("baseline") else {}
    return {**metrics, "test": {**test, **means, **intervals, **baseline}}
