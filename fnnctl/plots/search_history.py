"""A search over time: objectives over the epochs trained, and the rewards of a controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import finish_objective, mark_clipped, objective_range
from fnnctl.plots.searched import PlottedResult
from fnnctl.plots.style import (
    COLOURS,
    INK,
    WIDTH,
    budget_colours,
    drawable_text,
    legend_above,
    new_figure,
    show_message,
)

_BEST: dict[str, Any] = {"color": INK, "linewidth": 1.5, "drawstyle": "steps-post"}
_NONE: dict[str, Any] = {"color": COLOURS[1], "marker": "x", "markersize": 4.5, "linestyle": "none"}


def search_history_figure(
    results: Sequence[PlottedResult], *, metric: str, minimized: bool, title: str
) -> Figure:
    """Draw each result over the epochs that all trials had trained by then, and the best trial's as a line.

    The best trial is the best of those with the most epochs, so the line can also become worse.
    If there are several budgets, the colour shows that of the result. Results without an objective are marked
    at the bad end of the axis. Results far worse than nearly all others are drawn at the border.
    """
    with new_figure(WIDTH, 4.6, title, [metric]) as figure:
        axes = figure.subplots()
        finite = [result for result in results if result.objective is not None]
        if not finite:
            show_message(axes, "all trials have diverged or failed" if results else "no results yet")
            return figure
        objectives = np.array([result.objective for result in finite], dtype=np.float64)
        spent = np.array([result.spent for result in finite], dtype=np.float64)
        low, high = limits = objective_range(objectives, minimized=minimized)
        lines = _draw_points(axes, spent, objectives.clip(low, high), [result.budget for result in finite])
        last = results[-1].spent
        steps = [(result.spent, result.incumbent) for result in results if result.incumbent is not None]
        if steps:
            ends, best = np.array([*steps, (last, steps[-1][1])], dtype=np.float64).T
            (lines[_best_words(best, minimized)],) = axes.plot(ends, best.clip(low, high), **_BEST)
        lines |= mark_clipped(axes, np.column_stack([spent, objectives]), limits)
        failures = [result.spent for result in results if result.objective is None]
        lines |= _draw_failures(axes, failures, minimized)
        finish_objective(axes, limits, minimized=minimized)
        axes.set(xlabel="epochs trained by all trials", ylabel=drawable_text(metric, 40))
        axes.set_xlim(0, 1.02 * max(last, 1))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        legend_above(axes, lines)
    return figure


def _best_words(best: FloatArray, minimized: bool) -> str:
    """What the line of the best trial is; if it also becomes worse, its trials are those with most epochs."""
    changes = np.diff(best)
    worsens = bool((changes > 0 if minimized else changes < 0).any())
    return "best of the trials with the most epochs" if worsens else "best trial so far"


def _draw_points(
    axes: Axes, spent: FloatArray, objectives: FloatArray, budgets: Sequence[int]
) -> dict[str, Line2D]:
    """Draw one point per result, with a colour bar if budgets differ; return the legend entry."""
    size = 18.0 if len(spent) <= 200 else 9.0
    look: dict[str, Any] = {"s": size, "linewidths": 0.0, "alpha": 0.85, "zorder": 2, "clip_on": False}
    entry: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.5}
    if len(set(budgets)) == 1:
        axes.scatter(spent, objectives, color=COLOURS[0], **look)
        return {"trial": Line2D([], [], color=COLOURS[0], **entry)}
    shades = budget_colours(budgets)
    count = len(shades.colours)
    look |= {"cmap": ListedColormap(shades.colours), "norm": BoundaryNorm(range(count + 1), count)}
    points = axes.scatter(spent, objectives, c=shades.indices(budgets), **look)
    bar = axes.figure.colorbar(points, ax=axes, aspect=32, pad=0.02)
    bar.set_ticks([index + 0.5 for index in range(count)], labels=shades.texts)
    bar.ax.tick_params(length=0)
    bar.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label("epochs of the trial")
    return {"trial at a rung": Line2D([], [], color=shades.colours[count // 2], **entry)}


def _draw_failures(axes: Axes, spent: Sequence[int], minimized: bool) -> dict[str, Line2D]:
    if not spent:
        return {}
    height = 0.985 if minimized else 0.015
    style: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    axes.add_line(Line2D(spent, [height] * len(spent), **style, **_NONE))
    return {"diverged or failed": Line2D([], [], **_NONE)}


MAX_HEIGHTS_BELOW = 100.0
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
        low, high = limits = objective_range(rewards, minimized=False)
        numbers = np.arange(1, len(rewards) + 1)
        size = 18.0 if len(rewards) <= 200 else 9.0
        look: dict[str, Any] = {"linewidths": 0.0, "alpha": 0.6, "clip_on": False}
        is_inside = rewards >= low
        axes.scatter(numbers[is_inside], rewards[is_inside], s=size, color=COLOURS[0], **look)
        (line,) = axes.plot(numbers, average.clip(low - MAX_HEIGHTS_BELOW * (high - low)), color=INK)
        finish_objective(axes, limits, minimized=False)
        axes.set(
            xlabel="results, in the order in which they came", ylabel=drawable_text(f"reward: {label}", 40)
        )
        axes.set_xlim(0, len(rewards) + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        point: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.5, "color": COLOURS[0]}
        mean = f"mean of up to {window:,} results" if len(rewards) > window else "mean of the results so far"
        entries = {"trial": Line2D([], [], **point), mean: line}
        if not is_inside.all():
            axes.add_line(
                Line2D(numbers[~is_inside], np.full((~is_inside).sum(), low), clip_on=False, **_LOWER)
            )
            entries[f"lower, down to {rewards.min():.4g}"] = Line2D([], [], **_LOWER)
        legend_above(axes, entries)
    return figure
