"""The differences of a metric in words, with the unit of the metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.metrics.registry import metric_of
from fnnctl.report.words import NOTHING, number

MINUS: Final = "\N{MINUS SIGN}"


def has_points(metric: str) -> bool:
    """Whether differences of the metric are given in percentage points."""
    record = metric_of(metric)
    return record is not None and record.unit == "points"


def detectable_difference(difference: Difference, metric: str, *, sides: int = 2) -> float | None:
    """See `Difference.detectable`; infinite if two values of the metric cannot be so far apart."""
    value = difference.detectable(sides=sides)
    return math.inf if value is not None and value > largest_difference(metric) else value


def largest_difference(metric: str) -> float:
    """How far apart two values of the metric can be."""
    record = metric_of(metric)
    return math.inf if record is None else record.highest - record.lowest


def finite(value: float | None) -> float | None:
    """The value for JSON, which has no infinity."""
    return value if value is not None and math.isfinite(value) else None


def amount(value: float, metric: str) -> str:
    """A difference without a sign and with its unit: `3.1 points`, `0.0123`."""
    if not has_points(metric):
        return number(abs(value))
    return f"{_points(abs(value))} points"


def signed(value: float, metric: str) -> str:
    """A difference with a sign and without its unit: `+3.1`, `−0.0123`, `0`."""
    text = _points(abs(value)) if has_points(metric) else number(abs(value))
    return f"+{text}" if value > 0 else f"{MINUS}{text}" if value < 0 else text


def ends(interval: Sequence[float] | None, metric: str) -> str:
    """An interval of a difference: `−0.4 to +1.2`; a dash if there is none."""
    return NOTHING if interval is None else " to ".join(signed(end, metric) for end in interval)


def gain_ends(difference: Difference, metric: str) -> str:
    """The interval of a difference, seen from the run that is better: `1.2 to 5.0`."""
    low, high = difference.ci95 or (difference.value, difference.value)
    if difference.value < 0:
        low, high = -high, -low
    return " to ".join(signed(end, metric).removeprefix("+") for end in (low, high))


def _points(share: float) -> str:
    points = 100 * share
    return f"{points:.1f}" if points >= 0.995 or points == 0 else f"{points:.2g}"
