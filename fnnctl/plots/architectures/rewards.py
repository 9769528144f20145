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


def rewards_figure(
    rewards: FloatArray, average: FloatArray, *, window: int, label: str, title: str
) -> Figure:
    """Draw the reward of each trial in the order of their results, (n,), and the moving average, (n,).

    The average is over `window` results. Rewards far worse than nearly all others are drawn at the border.
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
        axes.scatter(numbers, rewards.clip(low, high), s=size, color=COLOURS[0], **look)
        (line,) = axes.plot(numbers, average.clip(low, high), color=INK)
        finish_objective(axes, shown, minimized=False)
        axes.set(xlabel="results, in the order in which they came", ylabel=fitted(f"reward: {label}", 40))
        axes.set_xlim(0, len(rewards) + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        point: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.5, "color": COLOURS[0]}
        legend_above(axes, {"trial": Line2D([], [], **point), f"mean of {window:,} results": line})
    return figure
