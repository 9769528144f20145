"""The learning curves of a cross-validation: every fold as a thin line, and their mean."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.plots.axes import finish_epochs, finish_loss, finish_metric
from fnnctl.plots.learning import History
from fnnctl.plots.style import COLOURS, DASHES, WIDTH, evenly_chosen, legend_above, new_figure
from fnnctl.text import counted

MOST_FOLDS = 50
"""The most folds drawn, evenly chosen; the mean is over all folds."""
MOST_POINTS = 1000
MOST_ABOVE = 10.0
"""Losses above this multiple of the 99th percentile, as in a diverging fold, do not widen the axis."""

PARTS = {"training": "train", "validation": "validation"}


def folds_learning_figure(history: History, *, metric: tuple[str, str], title: str) -> Figure:
    """Draw the columns of a cross-validation's history.csv over `epoch`: loss and a metric, fold by fold.

    `metric` is the label and the column name of the metric. The mean is over the folds that are still
    training. It ends when these are fewer than half, because the folds that train longest are not
    representative.
    """
    epochs = np.array(history["epoch"], dtype=np.intp)
    starts = np.append(np.flatnonzero(epochs == 1), len(epochs))
    longest = int(epochs.max())
    with new_figure(WIDTH, 6.3, title) as figure:
        panels = figure.subplots(2, sharex=True, height_ratios=[3.0, 2.4])
        lines: dict[str, Line2D] = {}
        label, name = metric
        for axes, what in zip(panels, ("loss", name), strict=True):
            drawn = []
            for (part, prefix), colour, dash in zip(PARTS.items(), COLOURS, DASHES, strict=False):
                values = _by_fold(history, f"{prefix}_{what}", starts, longest)
                if np.isfinite(values).any():
                    drawn.append(values)
                    lines[f"mean, {part}"] = _draw(axes, values, colour, dash)
            if what == "loss":
                finish_loss(axes)
            else:
                finish_metric(axes, label)
            if drawn:
                _show_all(axes, np.concatenate([values.ravel() for values in drawn]))
        if lines:
            folds = Line2D([], [], color=COLOURS[0], linewidth=0.7, alpha=0.5)
            legend_above(panels[0], {**lines, counted(len(starts) - 1, "fold"): folds})
        finish_epochs(panels[-1], longest)
        margin = 0.015 * (longest - 1) or 0.5
        panels[-1].set_xlim(1 - margin, longest + margin)
    return figure


def _by_fold(history: History, column: str, starts: IntArray, longest: int) -> FloatArray:
    """The column as (folds, epochs); NaN after the end of a fold and for missing values."""
    values = np.array(history.get(column, [None] * int(starts[-1])), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    by_fold = np.full((len(starts) - 1, longest), np.nan)
    for fold, (start, end) in enumerate(pairwise(starts.tolist())):
        by_fold[fold, : end - start] = values[start:end]
    return by_fold


def _draw(axes: Axes, values: FloatArray, colour: str, dash: Any) -> Line2D:
    """Draw the lines of the folds and of their mean; return the line of the mean."""
    folds, longest = values.shape
    shown = evenly_chosen(longest, MOST_POINTS)
    segments = [
        np.column_stack([shown + 1.0, values[fold, shown]]) for fold in evenly_chosen(folds, MOST_FOLDS)
    ]
    axes.add_collection(LineCollection(segments, colors=colour, linewidths=0.6, alpha=0.3), autolim=False)
    present = np.isfinite(values).sum(axis=0)
    common = shown[2 * present[shown] >= folds]
    mean = np.nansum(values[:, common], axis=0) / present[common]
    marker = "o" if longest == 1 else None
    (line,) = axes.plot(common + 1.0, mean, color=colour, linestyle=dash, marker=marker, linewidth=2.0)
    return line


def _show_all(axes: Axes, values: FloatArray) -> None:
    """Widen the axis, so far set for the means, to show the folds' values except extreme ones."""
    values = values[np.isfinite(values)]
    most = MOST_ABOVE * float(np.percentile(values, 99)) or 1.0
    low, high = float(values.min()), float(values.max())
    bottom, top = axes.get_ylim()
    if axes.get_yscale() == "log":
        low, high = max(0.9 * low, bottom / MOST_ABOVE), 1.1 * high
    axes.set_ylim(min(bottom, low), min(max(top, high), most))
