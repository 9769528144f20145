"""The reliability diagram: how often predictions of a given confidence are correct.

Between two classes: how often rows are of the positive class, over its probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import (
    COLOURS,
    DASHES,
    FAINT,
    MUTED,
    count_text,
    drawable_text,
    legend_beside,
    new_figure,
)

NAME_COLUMNS = 16
"""The width of the name of a class, in characters."""

MIN_LABELLED = 0.03
"""The width of the narrowest bin that has room for its count, beside others."""
MIN_WIDTH = 0.006
"""The width of the narrowest bar that can be seen: a bin of equal confidences has none."""

Bins = Mapping[str, Sequence[float | None]]

_POINTS: dict[str, Any] = {"color": COLOURS[0], "marker": "o", "markersize": 4.5, "linewidth": 1.0}
_PERFECT: dict[str, Any] = {"color": MUTED, "linewidth": 1.0, "linestyle": DASHES[3]}


def reliability_figure(bins: Bins, *, error: float | None, title: str, positive: str | None = None) -> Figure:
    """Draw the columns of calibration.csv: accuracy over mean confidence, one point per bin, and row counts.

    With a `positive` class they are its frequency over its mean probability. The bar through a point is its
    95 % interval. `error` is the expected calibration error or None. Bins without rows are left out.
    """
    used = np.array(bins["rows"], dtype=np.float64) > 0
    columns = {name: np.array(column, dtype=np.float64)[used] for name, column in bins.items()}
    x_name, y_name, x_label = "confidence", "accuracy", "confidence: probability of the predicted class"
    error_subject, y_label = "", y_name
    if positive is not None:
        name = drawable_text(positive, NAME_COLUMNS)
        x_name, y_name, x_label = "probability", "frequency", f"predicted probability of {name}"
        error_subject, y_label = f" of {name}", f"share of rows that are {name}"
    with new_figure(7.4, 6.3, title, [positive or ""]) as figure:
        upper, lower = figure.subplots(2, sharex=True, height_ratios=[4.4, 1.1])
        _draw_points(upper, columns, x_name, y_name)
        upper.set(ylabel=y_label)
        lines = [Line2D([], [], **_POINTS), Line2D([], [], **_PERFECT)]
        number = "–" if error is None else f"{error:.4f}"
        texts = [f"{y_name}, 95 % interval", "perfect calibration"]
        legend_beside(upper, lines, texts, title=f"expected calibration\nerror{error_subject} {number}")
        _draw_rows(lower, columns)
        lower.set(xlabel=x_label)
    return figure


def _draw_points(axes: Axes, bins: Mapping[str, FloatArray], x_name: str, y_name: str) -> None:
    axes.vlines(bins[x_name], bins[f"{y_name}_low"], bins[f"{y_name}_high"], color=COLOURS[0], alpha=0.45)
    axes.add_line(Line2D([0, 1], [0, 1], **_PERFECT))
    axes.add_line(Line2D(bins[x_name], bins[y_name], **_POINTS))
    axes.set(ylim=(-0.02, 1.02), yticks=np.arange(6) / 5)


def _draw_rows(axes: Axes, bins: Mapping[str, FloatArray]) -> None:
    """Bars from edge to edge, labelled with their counts unless they are too narrow."""
    rows, width = bins["rows"], np.maximum(bins["high"] - bins["low"], MIN_WIDTH)
    middles = (bins["low"] + bins["high"]) / 2
    is_wide = width >= MIN_LABELLED
    gaps = np.where(is_wide, 1.2, 0.0)  # between narrow bars they would hide the bars
    axes.bar(middles, rows, width=width, color=FAINT, edgecolor="white", linewidth=gaps)
    is_labelled = is_wide | (len(rows) == 1)
    for middle, count in zip(middles[is_labelled], rows[is_labelled].tolist(), strict=True):
        style: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center"}
        axes.annotate(count_text(int(count)), (middle, count), color=MUTED, fontsize=6.5, **style)
    axes.set(xlim=(-0.02, 1.02), xticks=np.arange(6) / 5)
    axes.set(ylim=(0, 1.22 * max(rows, default=1)), yticks=[], ylabel="rows")
    axes.grid(False)
