"""The scores of a search's leaders over several seeds, with their means and what the search saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.plots.axes import finish_rows, padded
from fnnctl.plots.searched import PlottedLeader
from fnnctl.plots.style import COLOURS, FAINT, INK, MUTED, WIDTH, drawable_text, legend_above, new_figure

MAX_LEADERS = 30
ROW_HEIGHT = 0.42
SPREAD = 0.26
"""How far the dots of a leader lie from its line at most, so that equal scores of some seeds stay apart."""

_LOOKS = {"winner": COLOURS[0], "tied": COLOURS[5], "worse": FAINT, "failed": FAINT}
_TEXTS = {"winner": "best", "tied": "tied", "worse": "worse"}
_MEAN: dict[str, Any] = {"color": INK, "linewidth": 1.6, "solid_capstyle": "butt"}
_SEARCH: dict[str, Any] = {
    "color": COLOURS[1], "marker": "|", "markersize": 13.0, "markeredgewidth": 1.8, "linestyle": "none",
}  # fmt: skip
_DOT: dict[str, Any] = {"marker": "o", "markersize": 4.0, "linestyle": "none", "markeredgewidth": 0.0}


def confirmed_figure(leaders: Sequence[PlottedLeader], *, metric: str, title: str) -> Figure:
    """Draw a row per leader: a dot per seed, the mean with its interval, and the objective in the search.

    The first 30 leaders are drawn, from top to bottom. The axis is that of the leaders with a mean: those of
    which a network diverged may have others with huge scores, which would flatten everything else.
    """
    drawn = leaders[:MAX_LEADERS]
    with new_figure(WIDTH, 1.6 + ROW_HEIGHT * max(3, len(drawn)), title, [metric]) as figure:
        axes = figure.subplots()
        entries: dict[str, Line2D] = {}
        for row, leader in enumerate(drawn):
            colour = _LOOKS[leader.standing]
            _draw_leader(axes, row, leader, colour)
            if text := _TEXTS.get(leader.standing):
                entries[text] = Line2D([], [], color=colour, **_DOT)
        entries["mean, 95 %"] = Line2D([], [], marker="D", markersize=4.5, **_MEAN)
        entries["in the search"] = Line2D([], [], **{**_SEARCH, "markersize": 9.0})
        if sound := [leader for leader in drawn if leader.standing != "failed"]:
            axes.set_xlim(*_limits(sound))
        names = [f"trial {leader.trial}" for leader in drawn]
        finish_rows(axes, names, limits=(max(3, len(drawn)) - 0.5, -0.5))
        axes.set_xlabel(drawable_text(metric, 40))
        legend_above(axes, entries)
    return figure


def _limits(leaders: Sequence[PlottedLeader]) -> tuple[float, float]:
    """The limits of an axis for everything that is drawn of these leaders."""
    drawn = [leader.scores for leader in leaders]
    drawn += [np.array(leader.interval) for leader in leaders if leader.interval]
    drawn += [np.array([leader.objective]) for leader in leaders if leader.objective is not None]
    values = np.concatenate(drawn)
    return padded(float(values.min()), float(values.max()))


def _draw_leader(axes: Axes, row: int, leader: PlottedLeader, colour: str) -> None:
    heights = row + SPREAD * np.resize([-1.0, 0.5, -0.5, 1.0], len(leader.scores))
    axes.plot(leader.scores, heights, color=colour, alpha=0.85, zorder=2, **_DOT)
    if leader.objective is not None:
        axes.plot([leader.objective], [row], zorder=3, **_SEARCH)
    if leader.standing == "failed":
        style: dict[str, Any] = {"textcoords": "offset points", "xytext": (-6, 0), "ha": "right"}
        style |= {"xycoords": axes.get_yaxis_transform(), "va": "center", "color": MUTED, "fontsize": 8.5}
        axes.annotate("no mean", (1.0, row), **style)
        return
    mean = float(leader.scores.mean())
    if leader.interval:
        axes.plot(leader.interval, [row, row], zorder=4, **_MEAN)
    axes.plot([mean], [row], color=INK, marker="D", markersize=4.5, linestyle="none", zorder=5)
