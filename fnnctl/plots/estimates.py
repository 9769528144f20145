"""The predictions of a regression over the actual values, and the residuals over the predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import COLOURS, DASHES, FAINT, GRID, MUTED, drawable_text, legend_above, new_figure

FEW_POINTS, MAX_POINTS = 300, 3000
"""More rows are drawn as a density, which shows differences between dense regions."""
CELLS = 60
BINS = 30
NAME_COLUMNS = 40
OUTER_SHARE = 0.5
"""This percentage of the rows at each end does not widen an axis."""
LONG_TAIL = 20.0
"""On a linear axis most values would be in its first twentieth."""

_LINE: dict[str, Any] = {"color": MUTED, "linewidth": 1.1, "linestyle": DASHES[1]}
_POINTS: dict[str, Any] = {"marker": "o", "linestyle": "", "color": COLOURS[0], "markeredgewidth": 0}
_DENSITY = LinearSegmentedColormap.from_list("density", [GRID, COLOURS[0], "#002b45"])


def predicted_actual_figure(
    targets: FloatArray, predictions: FloatArray, *, target: str, title: str
) -> Figure:
    """Draw predictions (n,) over the actual values of the column `target`, (n,), with the diagonal.

    The axes are logarithmic if all values are positive and a few are so large that the others would be
    crowded in a corner.
    """
    name = drawable_text(target, NAME_COLUMNS)
    values = np.concatenate([targets, predictions])
    scale = "log" if has_long_tail(values) else "linear"
    low, high = axis_range(values, scale)
    with new_figure(6.6, 6.4, title, [target]) as figure:
        axes = figure.subplots()
        axes.set(xscale=scale, yscale=scale)
        lines = _draw_rows(axes, targets, predictions, (low, high), (low, high))
        (lines["perfect prediction"],) = axes.plot([low, high], [low, high], **_LINE)
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        axes.set(xlabel=f"actual {name}", ylabel=f"predicted {name}")
        legend_above(axes, lines)
    return figure


def residuals_figure(targets: FloatArray, predictions: FloatArray, *, target: str, title: str) -> Figure:
    """Draw residuals, actual minus predicted values of the column `target`, over the predictions (n,).

    A histogram beside them shows their distribution.
    """
    name, residuals = drawable_text(target, NAME_COLUMNS), targets - predictions
    most = max(map(abs, value_range(residuals)))
    low, high = value_range(predictions)
    with new_figure(7.6, 5.0, title, [target]) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[4.0, 1.0])
        lines = _draw_rows(left, predictions, residuals, (low, high), (-most, most))
        lines["no error"] = left.axhline(0, **_LINE)
        left.set(xlim=(low, high), ylim=(-most, most))
        left.set(xlabel=f"predicted {name}", ylabel=f"residual: actual − predicted {name}")
        legend_above(left, lines)
        right.hist(
            np.clip(residuals, -most, most),
            bins=np.linspace(-most, most, BINS + 1).tolist(),
            orientation="horizontal",
            color=FAINT,
            edgecolor="white",
        )
        right.axhline(0, **_LINE)
        right.set_xlabel("rows")
        right.grid(axis="y")
    return figure


def _draw_rows(
    axes: Axes, x: FloatArray, y: FloatArray, x_range: tuple[float, float], y_range: tuple[float, float]
) -> dict[str, Any]:
    """Draw each row as a point, or many rows as a density; return the legend entry."""
    inside = int(
        np.count_nonzero((x >= x_range[0]) & (x <= x_range[1]) & (y >= y_range[0]) & (y <= y_range[1]))
    )
    outside = len(x) - inside
    caption = f"{len(x):,} rows" + (f", {outside:,} not shown" if outside else "")
    if len(x) <= MAX_POINTS:
        size, alpha = (5.0, 0.65) if len(x) <= FEW_POINTS else (3.4, 0.4)
        axes.plot(x, y, **_POINTS, markersize=size, alpha=alpha)
        return {caption: Line2D([], [], **_POINTS, markersize=5.0)}
    is_log = axes.get_xscale() == "log"
    extent = tuple(np.log10([*x_range, *y_range])) if is_log else (*x_range, *y_range)
    axes.hexbin(
        x,
        y,
        gridsize=CELLS,
        bins="log",
        mincnt=1,
        extent=extent,
        cmap=_DENSITY,
        linewidths=0.1,
        xscale="log" if is_log else "linear",
        yscale="log" if is_log else "linear",
    )
    return {caption: Patch(color=COLOURS[0])}


def has_long_tail(values: FloatArray) -> bool:
    """Whether the values (n,), all of them positive, reach far beyond most of them."""
    if not np.isfinite(values).all() or values.min() <= 0:
        return False
    middle, far = np.percentile(values, [50, 100 - OUTER_SHARE], method="inverted_cdf")
    return bool(far > LONG_TAIL * middle)


def axis_range(values: FloatArray, scale: str) -> tuple[float, float]:
    """The limits of a linear or logarithmic axis for these values, (n,)."""
    if scale == "linear":
        return value_range(values)
    low, high = value_range(np.log10(values))
    return 10**low, 10**high


def value_range(values: FloatArray) -> tuple[float, float]:
    """The limits of an axis: all values except extreme ones, with a margin."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    # Interpolation would widen the axis for an extreme value, without showing it.
    low, high = (
        sign * float(np.percentile(sign * values, 100 - OUTER_SHARE, method="inverted_cdf"))
        for sign in (-1, 1)
    )
    reach = (high - low) or 2 * abs(high) or 1.0
    # Values just outside are shown too; those farther away would squeeze all others.
    low, high = max(float(values.min()), low - reach / 2), min(float(values.max()), high + reach / 2)
    margin = 0.04 * ((high - low) or reach)
    return low - margin, high + margin
