"""The learning curve: the loss and a metric over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import finish_epochs, finish_loss, finish_metric
from fnnctl.plots.style import COLOURS, DASHES, MUTED, WIDTH, legend_above, new_figure

MOST_MARKED_EPOCHS = 20
MOST_BINS = 2000
"""Longer histories are drawn as the minimum and maximum of this many bins, which looks the same."""
MOST_DEAD_LAYERS = 4

History = Mapping[str, Sequence[float | None]]


def learning_curve_figure(
    history: History,
    *,
    metric: tuple[str, str],
    best_epoch: int | None,
    title: str,
    validation: str = "validation",
) -> Figure:
    """Draw columns of history.csv over `epoch`: the loss, a metric and, if there are any, dead units.

    `metric` is the metric's label and its name in columns, such as `accuracy` in `train_accuracy`. Values
    that are None or not finite, and missing or empty columns, are left out. A vertical line marks
    `best_epoch`. The legend calls the validation part `validation`.
    """
    dead_layers = _layers_with_dead_units(history)
    heights = [3.0, 2.4, 1.2] if dead_layers else [3.0, 2.4]
    with new_figure(WIDTH, 0.9 + sum(heights), title) as figure:
        panels = figure.subplots(len(heights), sharex=True, height_ratios=heights)
        lines = _draw(panels[0], history, {"training": "train_loss", validation: "validation_loss"})
        label, name = metric
        _draw(panels[1], history, {"training": f"train_{name}", validation: f"validation_{name}"})
        finish_loss(panels[0])
        finish_metric(panels[1], label, every_line=True)
        if dead_layers:
            columns = {f"hidden layer {layer}": f"dead_{layer}" for layer in dead_layers}
            _finish_dead_units(panels[2], _draw(panels[2], history, columns, colours=COLOURS[2:]))
        if best_epoch is not None:
            for axes in panels:
                mark = axes.axvline(best_epoch, color=MUTED, linewidth=1.1, linestyle=DASHES[3])
            lines[f"best epoch: {best_epoch}"] = mark
        legend_above(panels[0], lines)
        finish_epochs(panels[-1], len(history["epoch"]))
    return figure


def _draw(
    axes: Axes, history: History, columns: Mapping[str, str], *, colours: Sequence[str] = COLOURS
) -> dict[str, Line2D]:
    """Draw the columns that have values; return the lines by name for the legend."""
    lines = {}
    for (name, column), colour, dash in zip(columns.items(), colours, DASHES, strict=False):
        epochs, values = _series(history, column)
        if len(values):
            marker = "o" if len(values) <= MOST_MARKED_EPOCHS else None
            look: dict[str, Any] = {"color": colour, "linestyle": dash, "marker": marker, "markersize": 3.5}
            (lines[name],) = axes.plot(epochs, values, **look)
    return lines


def _series(history: History, column: str) -> tuple[FloatArray, FloatArray]:
    """The epochs and values of a column, thinned out if there are too many to see."""
    epochs = np.array(history["epoch"], dtype=np.float64)
    values = np.array(history.get(column, [None] * len(epochs)), dtype=np.float64)
    exists = np.isfinite(values)
    epochs, values = epochs[exists], values[exists]
    if len(values) <= 2 * MOST_BINS:
        return epochs, values
    starts = np.arange(MOST_BINS) * len(values) // MOST_BINS
    extremes = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.repeat(epochs[starts], 2), np.column_stack(extremes).ravel()


def _layers_with_dead_units(history: History) -> list[int]:
    """At most four hidden layers, those with the largest shares of dead units, in order."""
    largest: dict[int, float] = {}
    layer = 1
    while f"dead_{layer}" in history:
        largest[layer] = max(_series(history, f"dead_{layer}")[1], default=0.0)
        layer += 1
    worst = sorted(largest, key=lambda layer: -largest[layer])[:MOST_DEAD_LAYERS]
    return sorted(layer for layer in worst if largest[layer] > 0)


def _finish_dead_units(axes: Axes, lines: Mapping[str, Line2D]) -> None:
    axes.set_title("dead units")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    legend_above(axes, lines)
