"""A line search for a step that satisfies the strong Wolfe conditions.

A search is a generator: it yields a step, and the value and slope there are sent to it. So one driver can
evaluate the steps of many members together.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple, TypeAlias

DECREASE = 1e-4
CURVATURE = 0.9
# The next step leaves at least a tenth of the interval on either side. If the interval does not shrink by a
# third, it is bisected.
_MARGIN = 0.1
_SLOW = 0.66
# The next stride, in multiples of the last one, while there is no upper bound.
_MIN_STRIDE, _STRIDE, _LONGEST_STRIDE = 1.1, 4.0, 10.0
# The share of the way to a step without a finite value that is tried next.
_RETREAT = 0.25


class LinePoint(NamedTuple):
    """A step, and the value and the slope along the direction there."""

    step: float
    value: float
    slope: float

    @property
    def finite(self) -> bool:
        return math.isfinite(self.value) and math.isfinite(self.slope)


class SearchEnd(NamedTuple):
    """The step at which a search ended, 0 if no step decreased the value, and whether the conditions hold."""

    step: float
    satisfied: bool


LineSearch: TypeAlias = Generator[float, tuple[float, float], SearchEnd]


def strong_wolfe(
    value: float,
    slope: float,
    step: float,
    *,
    max_evaluations: int,
    rounding: float = 0.0,
    decrease: float = DECREASE,
    curvature: float = CURVATURE,
) -> LineSearch:
    """Search for a step t > 0 with φ(t) ≤ φ(0) + c₁tφ′(0) + rounding and |φ′(t)| ≤ c₂|φ′(0)|.

    `value` and `slope` are φ(0) and φ′(0), `step` is the first one to try. Nocedal & Wright (2006),
    algorithms 3.5 and 3.6, as one loop, with cubic steps. A step where the value or the slope is not finite
    counts as too long. `rounding` is the possible rounding error of a value: near an optimum it hides the
    decrease, and the slopes decide (Hager & Zhang, 2005, section 4).

    The returned step is the last one yielded, or 0. If only one of the `max_evaluations` is left, or the
    interval contains no further number, the search ends at the step with the lowest value, if that is below
    φ(0), and uses one evaluation to go back to it. If the slope φ′(0) is not negative, the search ends before
    its first step.
    """
    if not -math.inf < slope < 0.0:
        return SearchEnd(0.0, False)
    low = best = LinePoint(0.0, value, slope)
    high: LinePoint | None = None
    for left in reversed(range(max_evaluations)):
        trial = LinePoint(step, *(yield step))
        allowed = value + decrease * step * slope + rounding
        if trial.finite and trial.value <= allowed and abs(trial.slope) <= -curvature * slope:
            return SearchEnd(step, True)
        if trial.finite and trial.value < best.value:
            best = trial
        width = math.inf if high is None else abs(high.step - low.step)
        behind = low
        if not trial.finite or trial.value > allowed or (low.step and trial.value > low.value + rounding):
            high = trial
        else:
            if (trial.slope >= 0.0) == (high is None or high.step > low.step):
                high = low
            low = trial
        step = _beyond(behind, trial) if high is None else _between(low, high, width)
        spent = step == low.step or (high is not None and step == high.step)
        if best is trial and (spent or left <= 1):
            return SearchEnd(best.step, False)
        if best.step and (spent or left == 1):
            yield best.step
            return SearchEnd(best.step, False)
        if spent:
            break
    return SearchEnd(0.0, False)


def _beyond(behind: LinePoint, trial: LinePoint) -> float:
    """The next step while values still fall and there is no upper bound."""
    stride = trial.step - behind.step
    ahead = _cubic_minimum(behind, trial) - trial.step
    if not ahead > 0.0:
        return trial.step + _STRIDE * stride
    return trial.step + min(max(ahead, _MIN_STRIDE * stride), _LONGEST_STRIDE * stride)


def _between(low: LinePoint, high: LinePoint, width_before: float) -> float:
    """The next step inside the interval, of which one end is known to be the lower one."""
    width = high.step - low.step
    if not high.finite:
        return low.step + _RETREAT * width
    share = (_cubic_minimum(low, high) - low.step) / width
    if abs(width) > _SLOW * width_before or not math.isfinite(share):
        share = 0.5
    return low.step + min(max(share, _MARGIN), 1.0 - _MARGIN) * width


def _cubic_minimum(a: LinePoint, b: LinePoint) -> float:
    """Where the cubic with these values and slopes has its minimum, or NaN: Nocedal & Wright (3.59)."""
    width = b.step - a.step
    d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0.0:
        return math.nan
    d2 = math.copysign(math.sqrt(square), width)
    divisor = b.slope - a.slope + 2.0 * d2
    return b.step - width * (b.slope + d2 - d1) / divisor if divisor else math.nan
