"""The reliability diagram: how often predictions of a given confidence are correct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import COLOURS, DASHES, FAINT, MUTED, legend_beside, new_figure
from fnnctl.plots.text import count_text

Bins = Mapping[str, Sequence[float | None]]

_ACCURACY: dict[str, Any] = {"color": COLOURS[0], "marker": "o", "markersize": 4.5, "linewidth": 1.0}
_PERFECT: dict[str, Any] = {"color": MUTED, "linewidth": 1.0, "linestyle": DASHES[3]}


def reliability_figure(bins: Bins, *, error: float | None, title: str) -> Figure:
    """Draw the columns of calibration.csv: accuracy over mean confidence, one point per bin, and row counts.

    The bar through a point is the 95 % interval of its accuracy. `error` is the expected calibration error or
    None. Bins without rows are left out.
    """
    used = np.array(bins["rows"], dtype=np.float64) > 0
    columns = {name: np.array(column, dtype=np.float64)[used] for name, column in bins.items()}
    with new_figure(7.4, 6.3, title) as figure:
        upper, lower = figure.subplots(2, sharex=True, height_ratios=[4.4, 1.1])
        _draw_accuracies(upper, columns)
        lines = [Line2D([], [], **_ACCURACY), Line2D([], [], **_PERFECT)]
        number = "–" if error is None else f"{error:.4f}"
        texts = ["accuracy, 95 % interval", "perfect calibration"]
        legend_beside(upper, lines, texts, title=f"expected calibration\nerror {number}")
        _draw_rows(lower, columns)
    return figure


def _draw_accuracies(axes: Axes, bins: Mapping[str, FloatArray]) -> None:
    axes.vlines(bins["confidence"], bins["accuracy_low"], bins["accuracy_high"], color=COLOURS[0], alpha=0.45)
    axes.add_line(Line2D([0, 1], [0, 1], **_PERFECT))
    axes.add_line(Line2D(bins["confidence"], bins["accuracy"], **_ACCURACY))
    axes.set(ylim=(-0.02, 1.02), yticks=np.arange(6) / 5, ylabel="accuracy")


def _draw_rows(axes: Axes, bins: Mapping[str, FloatArray]) -> None:
    """Bars labelled with their counts, so that bins with few rows are visible."""
    rows, width = bins["rows"], bins["high"] - bins["low"]
    axes.bar(bins["low"], rows, width=width, align="edge", color=FAINT, edgecolor="white", linewidth=1.2)
    for middle, count in zip(bins["low"] + width / 2, rows.tolist(), strict=True):
        place: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center"}
        axes.annotate(count_text(int(count)), (middle, count), color=MUTED, fontsize=6.5, **place)
    axes.set(
        xlim=(-0.02, 1.02), xticks=np.arange(6) / 5, xlabel="confidence: probability of the predicted class"
    )
    axes.set(ylim=(0, 1.22 * max(rows, default=1)), yticks=[], ylabel="rows")
    axes.grid(False)
