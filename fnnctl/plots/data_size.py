"""The scores of a cross-validation over the number of training rows of its folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from fnnctl.plots.axes import finish_metric
from fnnctl.plots.style import COLOURS, DASHES, INK, WIDTH, legend_above, new_figure

WIDE = 4.0
"""The axis of rows is logarithmic if the largest size is at least this many times the smallest."""
MIN_GAP = 0.09
"""Labels of sizes that are nearer than this share of the axis to a larger one's are left out."""


@dataclass(frozen=True, slots=True)
class PlottedSize:
    """The scores of one size."""

    rows: int
    share: str
    """The share of the rows, for the axis."""
    mean: float
    """The mean of the scores on held-out rows."""
    interval: tuple[float, float] | None
    """Its 95 % interval."""
    train: float | None
    """The mean of the scores on the training rows, during the training."""


def data_size_figure(sizes: Sequence[PlottedSize], *, metric: str, title: str) -> Figure:
    """Draw the mean scores of sizes in rising order, with a band of their intervals; values at the points."""
    rows = np.array([size.rows for size in sizes], dtype=np.float64)
    with new_figure(WIDTH, 4.4, title, [metric]) as figure:
        axes = figure.subplots()
        lines: dict[str, Line2D] = {}
        trained = [(size.rows, size.train) for size in sizes if size.train is not None]
        if trained:
            x, y = zip(*trained, strict=True)
            style = {"color": COLOURS[1], "linestyle": DASHES[1], "marker": "s", "markersize": 4.0}
            (lines["training rows"],) = axes.plot(x, y, **style)
        bounds = np.array([size.interval or (size.mean, size.mean) for size in sizes])
        axes.fill_between(rows, bounds[:, 0], bounds[:, 1], color=COLOURS[0], alpha=0.15, linewidth=0.0)
        # drawn as lines too, so that the axis has room for them
        axes.plot(rows, bounds, color=COLOURS[0], linewidth=0.7, alpha=0.45)
        means = [size.mean for size in sizes]
        (lines["held-out rows: mean, 95 % interval"],) = axes.plot(
            rows, means, color=COLOURS[0], linestyle=DASHES[0], marker="o", markersize=5.0, linewidth=2.0
        )
        finish_metric(axes, metric)
        legend_above(axes, lines)
        labelled = _finish_rows(axes, sizes)
        for size in labelled:
            _label(axes, size)
    return figure


def _finish_rows(axes: Axes, sizes: Sequence[PlottedSize]) -> list[PlottedSize]:
    """Set up the axis of rows, with a tick at each size that has room for its label; return these sizes."""
    low, high = sizes[0].rows, sizes[-1].rows
    is_wide = high >= WIDE * low
    positions = np.array([size.rows for size in sizes], dtype=np.float64)
    if is_wide:
        axes.set_xscale("log")
        positions = np.log(positions)
    axes.margins(x=0.07)
    gap = MIN_GAP * (positions[-1] - positions[0])
    kept: list[int] = []
    for index in reversed(range(len(sizes))):
        if not kept or positions[kept[-1]] - positions[index] >= gap:
            kept.append(index)
    labelled = [sizes[index] for index in reversed(kept)]
    axes.set_xticks([size.rows for size in labelled], [f"{size.rows:,}\n{size.share}" for size in labelled])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training rows of a fold")
    return labelled


def _label(axes: Axes, size: PlottedSize) -> None:
    """Write the mean below its point, where neither the line to it nor the training scores are."""
    axes.annotate(
        f"{size.mean:.3f}",
        (size.rows, size.mean),
        textcoords="offset points",
        xytext=(0, -8),
        ha="center",
        va="top",
        color=INK,
        fontsize=8.5,
    )
