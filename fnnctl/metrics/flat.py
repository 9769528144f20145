"""Metrics by the names that gates and search objectives use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat_metrics(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    """Every number by its path, such as `per_class.versicolor.recall`; class names may contain dots."""
    values: dict[str, float | None] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            values.update(flat_metrics(value, f"{prefix}{key}."))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            values[prefix + key] = value
    return values
