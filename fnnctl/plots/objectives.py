"""The axis of a search's objective: the good values at full length, the bad ones within reason."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from fnnctl.arrays import FloatArray
from fnnctl.plots.learning import LOGARITHMIC_FROM, use_logarithm

BAD_SHARE = 5.0
"""Percent of the values at the bad end that do not widen the axis by much."""
BAD_WIDTH = 0.5
"""By how much they do at most, in ranges of all others."""


def objective_range(values: FloatArray, *, minimized: bool) -> tuple[float, float]:
    """The lowest and the highest value to be shown of (n,) finite ones; a few bad ones may lie beyond."""
    low, high = float(values.min()), float(values.max())
    if minimized:
        bad = float(np.percentile(values, 100 - BAD_SHARE))
        return low, min(high, bad + BAD_WIDTH * (bad - low)) if bad > low else high
    bad = float(np.percentile(values, BAD_SHARE))
    return (max(low, bad - BAD_WIDTH * (high - bad)) if bad < high else low), high


def finish_objective(axes: Axes, shown: tuple[float, float], *, minimized: bool) -> None:
    """The scale and the limits of an axis that shows this range."""
    low, high = shown
    if minimized and low > 0 and high >= LOGARITHMIC_FROM * low:
        use_logarithm(axes, low, high)
        axes.set_ylim(low / 1.15, high * 1.15)
        return
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    axes.set_ylim(low - margin, high + margin)
