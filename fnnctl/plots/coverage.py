"""How often intervals, or sets of classes, hold the truth, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fnnctl.plots.axes import finish_rows
from fnnctl.plots.style import COLOURS, FAINT, INK, WIDTH, drawable_text, legend_above, new_figure

NAME_COLUMNS: Final = 30
ROW_HEIGHT: Final = 0.27
_MEASURED: Final[dict[str, Any]] = {"color": COLOURS[0], "marker": "o", "markersize": 5.0}
_ASKED: Final[dict[str, Any]] = {"color": INK, "marker": "|", "markersize": 12.0, "linestyle": "none"}


class PlottedCoverage(NamedTuple):
    """A share of rows, beside the one that was asked for."""

    name: str
    asked: float
    share: float
    interval: tuple[float, float]
    size: float


def coverage_figure(rows: Sequence[PlottedCoverage], *, size: str, title: str) -> Figure:
    """Draw the share of each row as a dot with its interval, and beside it the mean size as a bar.

    A mark is at the share that was asked for. `size` is the label of the sizes.
    """
    with new_figure(WIDTH, 1.5 + ROW_HEIGHT * len(rows), title, [row.name for row in rows]) as figure:
        shares, sizes = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
        _draw_shares(shares, rows)
        sizes.barh(np.arange(len(rows)), [row.size for row in rows], height=0.62, color=FAINT)
        sizes.set_xlabel(size)
        sizes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        sizes.tick_params(axis="y", length=0)
        sizes.grid(False, axis="y")
        names = [drawable_text(row.name, NAME_COLUMNS) for row in rows]
        finish_rows(shares, names, limits=(len(rows) - 0.5, -0.5))
    return figure


def _draw_shares(axes: Axes, rows: Sequence[PlottedCoverage]) -> None:
    for height, row in enumerate(rows):
        axes.plot(row.interval, [height, height], color=_MEASURED["color"], linewidth=1.5)
        axes.add_line(Line2D([row.asked], [height], **_ASKED))
        axes.plot([row.share], [height], **_MEASURED)
    lowest = min(min(row.asked, *row.interval) for row in rows)
    axes.set(xlim=(max(-0.02, lowest - 0.05), 1.02), xlabel="rows with the truth inside")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    lines = {
        "measured, 95 % interval": Line2D([], [], linewidth=1.5, **_MEASURED),
        "asked for": Line2D([], [], **_ASKED),
    }
    legend_above(axes, lines)
