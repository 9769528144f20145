"""The importance of columns (feature importance), and of searched settings (hyperparameter importance)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fnnctl.plots.axes import finish_rows
from fnnctl.plots.style import (
    COLOURS,
    FAINT,
    INK,
    MUTED,
    WIDTH,
    drawable_text,
    legend_above,
    new_figure,
    show_message,
)

MAX_COLUMNS = 20
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
    drawn = columns[:MAX_COLUMNS]
    if left := len(columns) - len(drawn):
        title += f"; {left:,} more in the table"
    texts = [axis, *(column.name for column in drawn)]
    with new_figure(WIDTH, 1.5 + ROW_HEIGHT * max(3, len(drawn)), title, texts) as figure:
        axes = figure.subplots()
        if not drawn:
            show_message(axes, "the metric has no value, so there is no importance")
            return figure
        axes.axvline(0.0, color=FAINT, linewidth=1.2, zorder=1)
        for row, column in enumerate(drawn):
            look = _DECIDED if column.is_positive else _UNDECIDED
            if column.interval:
                axes.plot(column.interval, [row, row], color=look["color"], linewidth=1.5, zorder=2)
            axes.plot([column.mean], [row], linestyle="none", zorder=3, **look)
        axes.set_xlim(*_limits(drawn))
        names = [drawable_text(column.name, NAME_COLUMNS) for column in drawn]
        finish_rows(axes, names, limits=(max(3, len(drawn)) - 0.5, -0.5))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
        axes.set_xlabel(drawable_text(axis, 80))
        legend_above(axes, _entries(drawn))
    return figure


def _entries(columns: Sequence[PlottedColumn]) -> dict[str, Line2D]:
    entries = {}
    if any(column.is_positive for column in columns):
        entries["mean, 95 % interval"] = Line2D([], [], linewidth=1.5, **_DECIDED)
    if not all(column.is_positive for column in columns):
        entries["cannot be told from zero"] = Line2D([], [], linewidth=1.5, **_UNDECIDED)
    return entries


def _limits(columns: Sequence[PlottedColumn]) -> tuple[float, float]:
    """The limits of an axis for all means, intervals and zero."""
    ends = np.array([0.0, *(end for column in columns for end in (column.mean, *(column.interval or ())))])
    low, high = float(ends.min()), float(ends.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


MAX_BARS = 30
SETTING_COLUMNS = 36
BAR_HEIGHT = 0.3
NUMBER_WIDTH = 0.07
"""A number and the gap before it take up at most this share of the axis."""

_CHANCE: dict[str, Any] = {"color": INK, "marker": "|", "markersize": 11.0, "linestyle": "none"}

Bars = Mapping[str, tuple[float, float] | None]


def hyperparameter_importance_figure(bars: Bars, *, axis: str, title: str) -> Figure:
    """Draw each setting's share of the importance as a bar, with a mark at the chance level.

    Both are from 0 to 1; None if there is no estimate: such settings are left out. The largest 30 are drawn
    in decreasing order, and the title says how many more there are. Each has its number at its end, or after
    the mark if that would cover the number. Bars up to the chance level are grey. `axis` is the label of the
    axis.
    """
    estimates = {name: bar for name, bar in bars.items() if bar}
    order = sorted(estimates, key=lambda name: -estimates[name][0])[:MAX_BARS]
    if left := len(estimates) - len(order):
        title += f"; {left:,} more in the report"
    with new_figure(WIDTH, max(2.4, 1.5 + BAR_HEIGHT * len(order)), title, order) as figure:
        axes = figure.subplots()
        if not estimates:
            show_message(axes, "too few trials so far to estimate importances")
            return figure
        shares = [estimates[name] for name in order]
        heights, limit = np.arange(len(order)), min(1.0, 1.25 * max(map(max, shares)) or 1.0)
        colours = [COLOURS[0] if share > chance else FAINT for share, chance in shares]
        axes.barh(heights, [share for share, _ in shares], height=0.62, color=colours)
        for height, (share, chance) in zip(heights.tolist(), shares, strict=True):
            style: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
            is_covered = share <= chance < share + NUMBER_WIDTH * limit
            end = chance if is_covered else share
            axes.annotate(f"{share:.0%}", (end, height), color=MUTED, fontsize=8.5, **style)
            axes.add_line(Line2D([chance], [height], **_CHANCE))
        names = [drawable_text(name, SETTING_COLUMNS) for name in order]
        finish_rows(axes, names, limits=(len(order) - 0.4, -0.6))
        axes.set(xlim=(0, limit), xlabel=axis)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if limit >= 0.05 else 1))
        legend_above(axes, {"chance level (95th percentile)": Line2D([], [], **_CHANCE)})
    return figure
