"""Numbers and names of a comparison in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.report.sections import NOTHING, number

MINUS: Final = "\N{MINUS SIGN}"
POINTS: Final = ("accuracy", "precision", "recall", "f1")
"""Metrics that are shares, whose differences are in percentage points."""
AREA: Final = "roc_auc"


def has_points(metric: str) -> bool:
    """Whether differences of the metric are given in percentage points."""
    last = metric.rpartition(".")[2]
    return last == "balanced_accuracy" or any(last == each or last.startswith(f"{each}_") for each in POINTS)


def findable(found: Difference, metric: str, *, sides: int = 2) -> float | None:
    """See `Difference.findable`; infinite if two values of the metric cannot be so far apart."""
    value, last = found.findable(sides=sides), metric.rpartition(".")[2]
    is_limited = has_points(metric) or last.startswith(AREA)
    return math.inf if value is not None and is_limited and value > 1 else value


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


def gain_ends(found: Difference, metric: str) -> str:
    """The interval of a difference, seen from the run that is better: `1.2 to 5.0`."""
    low, high = found.ci95 or (found.value, found.value)
    if found.value < 0:
        low, high = -high, -low
    return " to ".join(signed(end, metric).removeprefix("+") for end in (low, high))


def p_text(p: float, *, name: str = "p") -> str:
    """`p = 0.021`, `p < 0.001`."""
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p_number(p)}"


def p_number(p: float) -> str:
    """Three decimals, rounded so that a p of at least 0.05 never looks smaller."""
    if p < 0.001:
        return "<0.001"
    text = f"{p:.3f}"
    return f"{p:.4f}" if text == "0.050" and p < 0.05 else text


def listed(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _points(share: float) -> str:
    points = 100 * share
    return f"{points:.1f}" if points >= 0.995 or points == 0 else f"{points:.2g}"
