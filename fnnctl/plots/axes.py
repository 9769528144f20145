"""Scales, limits and ticks of the axes that figures share: losses, accuracies, epochs, objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import INK, MUTED

LOGARITHMIC_FROM = 30.0
"""The axis of losses is logarithmic if the largest is at least this many times the smallest."""
LOWEST_SHOWN = -0.5
"""R² has no lower bound and is often very low in the first epochs."""
MAX_LOSS = 1e200
"""Larger losses are outside the axis, because ticks beyond them would overflow."""
BAD_SHARE = 5.0
"""The axis is widened only a little for this percentage of the values, at the bad end."""
BAD_WIDTH = 0.5
"""The most by which they widen the axis, as a multiple of the range of all other values."""


def finish_loss(axes: Axes) -> None:
    """Set the title and scale of axes on which losses are drawn."""
    axes.set_title("loss")
    lowest, highest = _drawn_range(axes)
    if lowest > 0 and highest >= LOGARITHMIC_FROM * lowest:
        if highest > MAX_LOSS:  # before the scale, whose logarithmic margins would overflow
            axes.set_ylim(lowest, MAX_LOSS)
        _use_logarithm(axes, lowest, highest)
    elif lowest >= 0:
        axes.set_ylim(0, 1.05 * highest or 1.0)


def finish_metric(axes: Axes, label: str, *, every_line: bool = False) -> None:
    """Set the title and range of axes on which a metric (at most 1) is drawn.

    Values far below 0 are cut off, except the highest of each line if `every_line` is to be seen.
    """
    axes.set_title(label)
    lowest, highest = _drawn_range(axes)
    peaks = [float(np.max(line.get_ydata())) for line in axes.get_lines()] if every_line else []
    lowest = max(lowest, min([LOWEST_SHOWN, *peaks]))
    margin = max(0.01, 0.05 * (highest - lowest))
    bottom = lowest - margin if lowest < 0 else max(lowest - margin, -0.01)
    axes.set_ylim(bottom, min(highest + margin, 1.01))


def finish_epochs(axes: Axes, epochs: int) -> None:
    """Set up the axis of `epochs` epochs below the last panel."""
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.015)
    if epochs == 1:
        axes.set_xticks([1.0])


def objective_range(values: FloatArray, *, minimized: bool) -> tuple[float, float]:
    """The range of finite values (n,) to show; a few bad ones may lie outside."""
    if not minimized:
        low, high = objective_range(-values, minimized=True)
        return -high, -low
    low, high, bad = float(values.min()), float(values.max()), float(np.percentile(values, 100 - BAD_SHARE))
    return low, min(high, bad + BAD_WIDTH * (bad - low)) if bad > low else high


def finish_objective(axes: Axes, limits: tuple[float, float], *, minimized: bool) -> None:
    """Set the scale and limits of an axis that shows this range of objectives."""
    low, high = limits
    if minimized and low > 0 and high >= LOGARITHMIC_FROM * low:
        _use_logarithm(axes, low, high)
        axes.set_ylim(low / 1.15, high * 1.15)
        return
    axes.set_ylim(padded(low, high, 0.06))


def padded(low: float, high: float, margin: float = 0.05) -> tuple[float, float]:
    """The limits of an axis for this range, with a share of it as the margin on both sides."""
    width = margin * (high - low) or 0.05 * abs(high) or 0.05
    return low - width, high + width


def finish_rows(axes: Axes, names: Sequence[str], *, limits: tuple[float, float]) -> None:
    """Set up an axis of rows, from top to bottom; a row has its name, and no line."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(limits)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(False, axis="y")


def mark_clipped(axes: Axes, points: FloatArray, limits: tuple[float, float]) -> dict[str, Line2D]:
    """Mark the points (n, 2) whose values are outside of the range, at its end; return the legend entry."""
    low, high = limits
    below, above = points[points[:, 1] < low], points[points[:, 1] > high]
    look: dict[str, Any] = {"color": MUTED, "linestyle": "none", "markersize": 5.0}
    for outside, end, marker in ((below, low, "v"), (above, high, "^")):
        if len(outside):
            heights = np.full(len(outside), end)
            axes.add_line(Line2D(outside[:, 0], heights, marker=marker, zorder=3, clip_on=False, **look))
    if not len(below) + len(above):
        return {}
    return {"outside of the axis": Line2D([], [], marker="^" if len(above) else "v", **look)}


def _use_logarithm(axes: Axes, lowest: float, highest: float) -> None:
    """Make the axis logarithmic for values in this range, with plain numbers at its ticks."""
    axes.set_yscale("log")
    steps = (1.0, 2.0, 5.0) if highest < 1e3 * lowest else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))


def _drawn_range(axes: Axes) -> tuple[float, float]:
    """The lowest and highest value drawn."""
    drawn = [line.get_ydata() for line in axes.get_lines()]
    values = np.concatenate(drawn) if drawn else np.array([1.0])
    return float(values.min()), float(values.max())
