"""The metrics that metrics.json stores: by the names that gates use, and as `report` and `runs` show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final


def flat_metrics(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    """Every number by its path, such as `per_class.versicolor.recall`; class names may contain dots."""
    values: dict[str, float | None] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            values.update(flat_metrics(value, f"{prefix}{key}."))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            values[prefix + key] = value
    return values


TARGETS: Final = "targets"
"""The key of a part's metrics of each of several targets, by name."""
GROUPS: Final = "groups"
"""The key of a part's groups of rows, by column and name of the group: see `evaluation.groups`."""
DIFFERENCE: Final = "difference"
"""The key of a group's differences from all other rows, by metric."""
FOLDS: Final = "cross_validation"
"""The key of the statistics of a cross-validation's folds."""
PARTS: Final = ("train", "validation", "test")
"""The parts of the data that metrics.json has metrics of."""


def owned_metric(name: str, targets: Iterable[str]) -> tuple[str, str] | None:
    """The target and its metric in a name like `targets.NAME.METRIC`; None for other names.

    If a target's name begins with that of another one and a dot, it is the longer one's.
    """
    owners = [target for target in targets if name.startswith(f"{TARGETS}.{target}.")]
    if not owners:
        return None
    owner = max(owners, key=len)
    return owner, name.removeprefix(f"{TARGETS}.{owner}.")


def reported_metrics(metrics: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The content of metrics.json; in a cross-validation, `test` has the means over the folds.

    In metrics.json itself, `test` has the metrics of the pooled out-of-fold predictions. Metrics that are not
    measured per fold, such as those of each class, remain the pooled ones. Each interval is replaced by that
    of the mean, and the baseline by its mean over the folds, if that was measured. The same applies to the
    metrics of each of several targets.
    """
    if metrics is None:
        return None
    test, folds = metrics.get("test"), metrics.get(FOLDS)
    if not isinstance(test, Mapping) or not isinstance(folds, Mapping):
        return dict(metrics)
    return {**metrics, "test": _with_means(test, folds)}


def _with_means(test: Mapping[str, Any], folds: Mapping[str, Any]) -> dict[str, Any]:
    entries = {
        name: entry
        for name, entry in folds.items()
        if name != TARGETS and isinstance(entry, Mapping) and "mean" in entry
    }
    means = {name: entry.get("mean") for name, entry in entries.items()}
    intervals = {key: entry.get("ci95") for name, entry in entries.items() if (key := f"{name}_ci95") in test}
    baseline = {"baseline": folds["baseline"]} if folds.get("baseline") else {}
    targets = {
        name: _with_means(of_target, folds_of_target(folds, name))
        for name, of_target in (test.get(TARGETS) or {}).items()
    }
    return {**test, **means, **intervals, **baseline, **({TARGETS: targets} if targets else {})}


def folds_of_target(folds: Mapping[str, Any], target: str) -> dict[str, Any]:
    """The statistics of the folds that metrics.json would have with this target alone."""
    baseline = ((folds.get("baseline") or {}).get(TARGETS) or {}).get(target)
    of_target = (folds.get(TARGETS) or {}).get(target) or {}
    return {**of_target, **({"baseline": baseline} if baseline else {})}
