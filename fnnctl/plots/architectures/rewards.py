"""The rewards of a search by a controller, over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import finish_objective, objective_range
from fnnctl.plots.style import COLOURS, INK, WIDTH, legend_above, new_figure, show_message
from fnnctl.plots.text import fitted

FAR = 100.0
"""The average is drawn down to this many heights of the axis below it, so that no number overflows."""

_LOWER: dict[str, Any] = {"color": COLOURS[1], "marker": "v", "markersize": 5.0, "linestyle": "none"}


def rewards_figure(
    rewards: FloatArray, average: FloatArray, *, window: int, label: str, title: str
) -> Figure:
    """Draw the reward of each trial in the order of their results, (n,), and the moving average, (n,).

    The average is over at most `window` results. Rewards far worse than nearly all others are triangles at
    the border; where the average is as low, its line leaves the axes.
    """
    with new_figure(WIDTH, 3.8, title, [label]) as figure:
        axes = figure.subplots()
        if not len(rewards):
            show_message(axes, "no rewards so far")
            return figure
        low, high = shown = objective_range(rewards, minimized=False)
        numbers = np.arange(1, len(rewards) + 1)
        size = 18.0 if len(rewards) <= 200 else 9.0
        look: dict[str, Any] = {"linewidths": 0.0, "alpha": 0.6, "clip_on": False}
        is_shown = rewards >= low
        axes.scatter(numbers[is_shown], rewards[is_shown], s=size, color=COLOURS[0], **look)
        (line,) = axes.plot(numbers, average.clip(low - FAR * (high - low)), color=INK)
        finish_objective(axes, shown, minimized=False)
        axes.set(xlabel="results, in the order in which they came", ylabel=fitted(f"reward: {label}", 40))
        axes.set_xlim(0, len(rewards) + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        point: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.5, "color": COLOURS[0]}
        mean = f"mean of up to {window:,} results" if len(rewards) > window else "mean of the results so far"
        entries = {"trial": Line2D([], [], **point), mean: line}
        if not is_shown.all():
            axes.add_line(
                Line2D(numbers[~is_shown], np.full((~is_shown).sum(), low), clip_on=False, **_LOWER)
            )
            entries[f"lower, down to {rewards.min():.4g}"] = Line2D([], [], **_LOWER)
        legend_above(axes, entries)
    return figure
