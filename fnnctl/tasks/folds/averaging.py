"""The mean of the metrics of several parts, such as the repeats of a cross-validation for metrics.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def mean_metrics(of_parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean of metrics and of interval ends; of counts, such as `support`, the largest.

    If some parts lack a metric, its mean is over the others.
    """
    mean: dict[str, Any] = _mean(of_parts)
    return mean


def _mean(values: Sequence[Any]) -> Any:
    """The mean of numbers and interval ends, also within mappings; of counts, the largest."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], Mapping):
        names = dict.fromkeys(name for mapping in known for name in mapping)
        return {name: _mean([mapping.get(name) for mapping in known]) for name in names}
    if isinstance(known[0], list):
        return [_mean(ends) for ends in zip(*known, strict=True)]
    if isinstance(known[0], int):
        return max(known)
    return math.fsum(known) / len(known)
