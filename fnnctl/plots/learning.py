"""Learning curves: the loss and a metric over the epochs of one training, or of all folds of a cross-
validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fnnctl.arrays import FloatArray, IntArray, evenly_spaced
from fnnctl.metrics.registry import CALIBRATED_LOSS
from fnnctl.plots.axes import finish_epochs, finish_loss, finish_metric
from fnnctl.plots.style import (
    COLOURS,
    DASHES,
    MUTED,
    WIDTH,
    columns,
    drawable_names,
    legend_above,
    legend_beside,
    new_figure,
)
from fnnctl.text import counted

MAX_MARKED_EPOCHS = 20
MAX_BINS = 2000
"""Longer histories are drawn as the minimum and maximum of this many bins, which looks the same."""
MAX_DEAD_LAYERS = 4
MAX_TARGETS = 6
"""The losses of so many targets are drawn, each with a colour."""
MAX_TARGET_NAME = 16
MAX_LINE = 75
"""If the title and the legend of the targets have more columns of text together, the legend is beside the
lines, not above: some fonts of browsers are wide."""

History = Mapping[str, Sequence[float | None]]


def learning_curve_figure(
    history: History,
    *,
    metric: tuple[str, str],
    best_epoch: int | None,
    title: str,
    validation: str = "validation",
    targets: Sequence[str] = (),
) -> Figure:
    """Draw columns of history.csv over `epoch`: the losses, a metric and, if there are any, dead units.

    `metric` is the metric's label and its name in columns, such as `accuracy` in `train_accuracy`. Values
    that are None or not finite, and missing or empty columns, are left out. A vertical line marks
    `best_epoch`. The legend calls the validation part `validation`. With several `targets`, the loss of each
    is drawn instead of the metric.
    """
    dead_layers = _layers_with_dead_units(history)
    heights = [3.0, 2.4, 1.2] if dead_layers else [3.0, 2.4]
    with new_figure(WIDTH, 0.9 + sum(heights), title) as figure:
        panels = figure.subplots(len(heights), sharex=True, height_ratios=heights)
        losses = {"training": "train_loss", validation: "validation_loss", "calibrated": CALIBRATED_LOSS}
        lines = _draw(panels[0], history, losses)
        finish_loss(panels[0])
        if targets:
            columns = _columns_of_targets(history, targets)
            of_targets = _draw(panels[1], history, columns, colours=COLOURS)
            _finish_targets(panels[1], history, of_targets, len(targets), validation)
        else:
            label, name = metric
            _draw(panels[1], history, {"training": f"train_{name}", validation: f"validation_{name}"})
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
    for (name, column), colour, dash in zip(columns.items(), colours, cycle(DASHES), strict=False):
        epochs, values = _series(history, column)
        if len(values):
            marker = "o" if len(values) <= MAX_MARKED_EPOCHS else None
            look: dict[str, Any] = {"color": colour, "linestyle": dash, "marker": marker, "markersize": 3.5}
            (lines[name],) = axes.plot(epochs, values, **look)
    return lines


def _columns_of_targets(history: History, targets: Sequence[str]) -> dict[str, str]:
    """The columns of the losses of the first targets, by their names."""
    part = _part_of_targets(history)
    return {name: f"{part}_targets.{name}.loss" for name in targets[:MAX_TARGETS]}


def _part_of_targets(history: History) -> str:
    """The part whose losses are drawn by target: `validation`, if there is one."""
    has_validation = any(value is not None for value in history.get("validation_loss", ()))
    return "validation" if has_validation else "train"


def _finish_targets(
    axes: Axes, history: History, lines: Mapping[str, Line2D], targets: int, validation: str = "validation"
) -> None:
    finish_loss(axes)
    part = "training" if _part_of_targets(history) == "train" else validation
    which = "each target" if targets <= MAX_TARGETS else f"{MAX_TARGETS} of {targets:,} targets"
    title = f"loss of {which}, {part}"
    axes.set_title(title)
    names = drawable_names([*lines], MAX_TARGET_NAME)
    names = [name or f"target {number}" for number, name in enumerate(names, start=1)]
    width = columns(title) + sum(map(columns, names)) + 4 * len(names)
    if len({*names}) < len(names) or width > MAX_LINE:
        legend_beside(axes, [*lines.values()], names, title="target")
    else:
        legend_above(axes, dict(zip(names, lines.values(), strict=True)))


def _series(history: History, column: str) -> tuple[FloatArray, FloatArray]:
    """The epochs and values of a column, thinned out if there are too many to see."""
    epochs = np.array(history["epoch"], dtype=np.float64)
    values = np.array(history.get(column, [None] * len(epochs)), dtype=np.float64)
    exists = np.isfinite(values)
    epochs, values = epochs[exists], values[exists]
    if len(values) <= 2 * MAX_BINS:
        return epochs, values
    starts = np.arange(MAX_BINS) * len(values) // MAX_BINS
    extremes = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.repeat(epochs[starts], 2), np.column_stack(extremes).ravel()


def _layers_with_dead_units(history: History) -> list[int]:
    """At most four hidden layers, those with the largest shares of dead units, in order."""
    largest: dict[int, float] = {}
    layer = 1
    while f"dead_{layer}" in history:
        largest[layer] = max(_series(history, f"dead_{layer}")[1], default=0.0)
        layer += 1
    worst = sorted(largest, key=lambda layer: -largest[layer])[:MAX_DEAD_LAYERS]
    return sorted(layer for layer in worst if largest[layer] > 0)


def _finish_dead_units(axes: Axes, lines: Mapping[str, Line2D]) -> None:
    axes.set_title("dead units")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_percentage))
    legend_above(axes, lines)


def _percentage(share: float, _position: int | None) -> str:
    """The label of a tick; figures with functions that have no name cannot be pickled."""
    return f"{100 * share:g}%"


MAX_FOLDS = 50
"""The most folds drawn, evenly chosen; the mean is over all folds."""
MAX_POINTS = 1000
MAX_ABOVE = 10.0
"""Losses above this multiple of the 99th percentile, as in a diverging fold, do not widen the axis."""

PARTS = {"training": "train", "validation": "validation"}


def folds_learning_figure(
    history: History, *, metric: tuple[str, str], title: str, targets: Sequence[str] = ()
) -> Figure:
    """Draw the columns of a cross-validation's history.csv over `epoch`: loss and a metric, fold by fold.

    `metric` is the label and the column name of the metric. The mean is over the folds that are still
    training. It ends when these are fewer than half, because the folds that train longest are not
    representative. With several `targets`, the mean loss of each is drawn instead of the metric.
    """
    epochs = np.array(history["epoch"], dtype=np.intp)
    starts = np.append(np.flatnonzero(epochs == 1), len(epochs))
    longest = int(epochs.max())
    with new_figure(WIDTH, 6.3, title) as figure:
        panels = figure.subplots(2, sharex=True, height_ratios=[3.0, 2.4])
        lines: dict[str, Line2D] = {}
        label, name = metric
        columns = ("loss",) if targets else ("loss", name)
        for axes, column in zip(panels, columns, strict=False):
            drawn = []
            for (part, prefix), colour, dash in zip(PARTS.items(), COLOURS, DASHES, strict=False):
                values = _by_fold(history, f"{prefix}_{column}", starts, longest)
                if np.isfinite(values).any():
                    drawn.append(values)
                    lines[f"mean, {part}"] = _draw_folds(axes, values, colour, dash)
            if column == "loss":
                finish_loss(axes)
            else:
                finish_metric(axes, label)
            if drawn:
                _show_all(axes, np.concatenate([values.ravel() for values in drawn]))
        if targets:
            of_targets = {
                name: _draw_mean(panels[1], _by_fold(history, column, starts, longest), colour, dash)
                for (name, column), colour, dash in zip(
                    _columns_of_targets(history, targets).items(), COLOURS, cycle(DASHES), strict=False
                )
            }
            _finish_targets(panels[1], history, of_targets, len(targets), "mean validation")
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


def _draw_folds(axes: Axes, values: FloatArray, colour: str, dash: Any) -> Line2D:
    """Draw the lines of the folds and of their mean; return the line of the mean."""
    folds, longest = values.shape
    epochs = evenly_spaced(longest, MAX_POINTS)
    segments = [
        np.column_stack([epochs + 1.0, values[fold, epochs]]) for fold in evenly_spaced(folds, MAX_FOLDS)
    ]
    axes.add_collection(LineCollection(segments, colors=colour, linewidths=0.6, alpha=0.3), autolim=False)
    return _draw_mean(axes, values, colour, dash)


def _draw_mean(axes: Axes, values: FloatArray, colour: str, dash: Any) -> Line2D:
    """Draw the mean over the folds while at least half of them are training; values are (folds, epochs)."""
    folds, longest = values.shape
    epochs = evenly_spaced(longest, MAX_POINTS)
    present = np.isfinite(values).sum(axis=0)
    common = epochs[2 * present[epochs] >= folds]
    mean = np.nansum(values[:, common], axis=0) / present[common]
    marker = "o" if longest == 1 else None
    (line,) = axes.plot(common + 1.0, mean, color=colour, linestyle=dash, marker=marker, linewidth=2.0)
    return line


def _show_all(axes: Axes, values: FloatArray) -> None:
    """Widen the axis, so far set for the means, to show the folds' values except extreme ones."""
    values = values[np.isfinite(values)]
    most = MAX_ABOVE * float(np.percentile(values, 99)) or 1.0
    low, high = float(values.min()), float(values.max())
    bottom, top = axes.get_ylim()
    if axes.get_yscale() == "log":
        low, high = max(0.9 * low, bottom / MAX_ABOVE), 1.1 * high
    axes.set_ylim(min(bottom, low), min(max(top, high), most))
