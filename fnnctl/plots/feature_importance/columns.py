"""The importance of the most important columns, with intervals: see `metrics.feature_importance`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fnnctl.plots.style import COLOURS, FAINT, INK, MUTED, WIDTH, legend_above, new_figure, show_message
from fnnctl.plots.text import fitted

MOST_COLUMNS = 20
NAME_COLUMNS = 36
ROW_HEIGHT = 0.27
MARGIN = 0.04
"""The margin of the axis on both sides, as a share of what it shows."""

_DECIDED: dict[str, Any] = {"color": COLOURS[0], "marker": "o", "markersize": 5.0, "markeredgewidth": 1.2}
_UNDECIDED: dict[str, Any] = {**_DECIDED, "color": MUTED, "markerfacecolor": "white"}


class PlottedColumn(NamedTuple):
    """A column's importance."""

    name: str
    mean: float
    interval: Sequence[float] | None
    is_positive: bool
    """Whether it can be told from zero."""


def feature_importance_figure(columns: Sequence[PlottedColumn], *, axis: str, title: str) -> Figure:
    """Draw each column's importance as a dot with its interval, in the given order.

    The first 20 are drawn, and the title says how many more there are. Dots of columns whose importance
    cannot be told from zero are hollow. `axis` is the label of the axis.
    """
    shown = columns[:MOST_COLUMNS]
    if left := len(columns) - len(shown):
        title += f"; {left:,} more in the table"
    texts = [axis, *(column.name for column in shown)]
    with new_figure(WIDTH, 1.5 + ROW_HEIGHT * max(3, len(shown)), title, texts) as figure:
        axes = figure.subplots()
        if not shown:
            show_message(axes, "the metric has no value, so there is no importance")
            return figure
        axes.axvline(0.0, color=FAINT, linewidth=1.2, zorder=1)
        for row, column in enumerate(shown):
            look = _DECIDED if column.is_positive else _UNDECIDED
            if column.interval:
                axes.plot(column.interval, [row, row], color=look["color"], linewidth=1.5, zorder=2)
            axes.plot([column.mean], [row], linestyle="none", zorder=3, **look)
        axes.set_xlim(*_limits(shown))
        axes.set_yticks(range(len(shown)), [fitted(column.name, NAME_COLUMNS) for column in shown])
        axes.set_ylim(max(3, len(shown)) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
        axes.set_xlabel(fitted(axis, 80))
        axes.grid(False, axis="y")
        legend_above(axes, _entries(shown))
    return figure


def _entries(shown: Sequence[PlottedColumn]) -> dict[str, Line2D]:
    entries = {}
    if any(column.is_positive for column in shown):
        entries["mean, 95 % interval"] = Line2D([], [], linewidth=1.5, **_DECIDED)
    if not all(column.is_positive for column in shown):
        entries["cannot be told from zero"] = Line2D([], [], linewidth=1.5, **_UNDECIDED)
    return entries


def _limits(shown: Sequence[PlottedColumn]) -> tuple[float, float]:
    """The limits of an axis for all means, intervals and zero."""
    drawn = np.array([0.0, *(end for each in shown for end in (each.mean, *(each.interval or ())))])
    low, high = float(drawn.min()), float(drawn.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin
