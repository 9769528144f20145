"""The axis of a search's objective: the good values at full length, the bad ones within reason."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from fnnctl.arrays import FloatArray

LOGARITHMIC_FROM = 30.0
"""Minimized objectives of which the largest is this many times the smallest get a logarithmic axis."""
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
        axes.set_yscale("log")
        steps = (1.0, 2.0, 5.0) if high < 1e3 * low else (1.0,)
        axes.yaxis.set_major_locator(LogLocator(subs=steps))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_ylim(low / 1.15, high * 1.15)
        return
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    axes.set_ylim(low - margin, high + margin)
