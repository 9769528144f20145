"""The importance of each searched setting as bars, with the chance level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from fnnctl.plots.style import COLOURS, FAINT, INK, MUTED, WIDTH, legend_above, new_figure, show_message
from fnnctl.plots.text import fitted

MOST_BARS = 30
NAME_COLUMNS = 36
BAR_HEIGHT = 0.3
NUMBER_WIDTH = 0.07
"""A number and the gap before it take up at most this share of the axis."""

_CHANCE: dict[str, Any] = {"color": INK, "marker": "|", "markersize": 11.0, "linestyle": "none"}

Bars = Mapping[str, tuple[float, float] | None]


def importance_figure(bars: Bars, *, axis: str, title: str) -> Figure:
    """Draw each setting's share of the importance as a bar, with a mark at the chance level.

    Both are from 0 to 1; None if there is no estimate: such settings are left out. The largest 30 are drawn
    in decreasing order, and the title says how many more there are. Each has its number at its end, or after
    the mark if that would cover the number. Bars up to the chance level are grey. `axis` is the label of the
    axis.
    """
    known = {name: bar for name, bar in bars.items() if bar}
    order = sorted(known, key=lambda name: -known[name][0])[:MOST_BARS]
    if left := len(known) - len(order):
        title += f"; {left:,} more in the report"
    with new_figure(WIDTH, max(2.4, 1.5 + BAR_HEIGHT * len(order)), title, order) as figure:
        axes = figure.subplots()
        if not known:
            show_message(axes, "too few trials so far to estimate importances")
            return figure
        shares = [known[name] for name in order]
        heights, limit = np.arange(len(order)), min(1.0, 1.25 * max(map(max, shares)) or 1.0)
        colours = [COLOURS[0] if share > chance else FAINT for share, chance in shares]
        axes.barh(heights, [share for share, _ in shares], height=0.62, color=colours)
        for height, (share, chance) in zip(heights.tolist(), shares, strict=True):
            place: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
            is_covered = share <= chance < share + NUMBER_WIDTH * limit
            end = chance if is_covered else share
            axes.annotate(f"{share:.0%}", (end, height), color=MUTED, fontsize=8.5, **place)
            axes.add_line(Line2D([chance], [height], **_CHANCE))
        axes.set_yticks(heights, [fitted(name, NAME_COLUMNS) for name in order])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set(xlim=(0, limit), xlabel=axis)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if limit >= 0.05 else 1))
        axes.grid(False, axis="y")
        legend_above(axes, {"chance level (95th percentile)": Line2D([], [], **_CHANCE)})
    return figure
