"""The learning curves of trials, by bracket, with the rungs. A curve ends where its trial was dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

from fnnctl.arrays import FloatArray, evenly_spaced
from fnnctl.plots.axes import finish_objective, mark_clipped, objective_range
from fnnctl.plots.searched import PlottedTrial
from fnnctl.plots.style import COLOURS, FAINT, INK, MUTED, WIDTH, drawable_text, new_figure, show_message
from fnnctl.text import counted

MAX_POINTS = 300
"""The most points drawn per curve, evenly chosen."""
MAX_CURVES = 500
"""The most trials drawn per bracket and outcome, evenly chosen."""
LOGARITHMIC_FROM = 8.0
"""The axis is logarithmic if the last budget is at least this many times the first."""
PANEL_HEIGHT = 2.3
MAX_TICKS = 6

_FATES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "dropped": ("not promoted", {"color": MUTED, "linewidth": 0.9}, {"marker": "o", "markersize": 2.6}),
    "top": (
        "reached the highest rung with results",
        {"color": COLOURS[0], "linewidth": 1.3},
        {"marker": "o", "markersize": 3.2},
    ),
    "diverged": (
        "diverged or failed",
        {"color": COLOURS[1], "linewidth": 0.9},
        {"marker": "x", "markersize": 4.5},
    ),
}
"""The name in the legend and the style of curves and of their ends, by outcome."""
_BEST: dict[str, Any] = {"color": INK, "linewidth": 2.2, "marker": "*", "markersize": 9.0}


def rungs_figure(
    trials: Sequence[PlottedTrial],
    budgets: Mapping[int, Sequence[int]],
    *,
    metric: str,
    minimized: bool,
    title: str,
) -> Figure:
    """Draw each trial's values over its epochs, one panel per bracket.

    `budgets` holds the rungs of each bracket, drawn as vertical lines. Values far worse than nearly all
    others are drawn at the border, so that a diverging trial does not flatten the others.
    """
    drawn = [trial for trial in trials if np.isfinite(trial.values).any()]
    brackets = sorted({trial.bracket for trial in drawn}, reverse=True)
    columns = 1 if len(brackets) <= 1 else 2 if len(brackets) <= 4 else 3 if len(brackets) <= 9 else 4
    rows = max(1, -(-len(brackets) // columns))
    height = 4.6 if rows == 1 else 1.2 + rows * PANEL_HEIGHT
    with new_figure(WIDTH if columns < 4 else 1.2 * WIDTH, height, title, [metric]) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        if not drawn:
            show_message(panels[0], "no trial has a finite value yet")
            return figure
        values = np.concatenate([trial.values[np.isfinite(trial.values)] for trial in drawn])
        limits = objective_range(values, minimized=minimized)
        outside: dict[str, Line2D] = {}
        for axes, bracket in zip(panels, brackets, strict=False):
            in_bracket = [trial for trial in drawn if trial.bracket == bracket]
            _draw_bracket(axes, in_bracket, limits)
            outside |= mark_clipped(axes, _leaving_points(in_bracket, limits), limits)
            for budget in budgets[bracket] if len(budgets[bracket]) > 1 else ():
                axes.axvline(budget, color=FAINT, linewidth=0.8, zorder=1)
            if len(brackets) > 1:
                axes.set_title(f"bracket {bracket}: {counted(len(in_bracket), 'trial')}")
        for axes in panels[len(brackets) :]:
            axes.set_axis_off()
        finish_objective(panels[0], limits, minimized=minimized)
        _finish_epochs(
            panels[0], drawn, sorted({budget for bracket in brackets for budget in budgets[bracket]})
        )
        _label([*panels[: len(brackets)]], columns, drawable_text(metric, 40))
        _add_key(figure, drawn, outside)
    return figure


def _draw_bracket(axes: Axes, trials: Sequence[PlottedTrial], limits: tuple[float, float]) -> None:
    for fate, (_, look, end) in _FATES.items():
        drawn = [trial for trial in trials if trial.fate == fate and not trial.best]
        curves = [_points(trial, limits) for trial in drawn[:: -(-len(drawn) // MAX_CURVES) or 1]]
        if curves:
            alpha = min(0.85, max(0.15, 12 / len(curves)))
            axes.add_collection(LineCollection(curves, alpha=alpha, zorder=2, **look), autolim=False)
            ends = np.array([curve[-1] for curve in curves])
            style: dict[str, Any] = {"color": look["color"], "linestyle": "none", "alpha": max(alpha, 0.5)}
            axes.add_line(Line2D(ends[:, 0], ends[:, 1], zorder=2.5, **style, **end))
    for trial in trials:
        if trial.best:
            curve = _points(trial, limits)
            axes.add_line(Line2D(curve[:, 0], curve[:, 1], zorder=4, markevery=[len(curve) - 1], **_BEST))


def _points(trial: PlottedTrial, limits: tuple[float, float]) -> FloatArray:
    """The epochs and finite values of one curve, (n, 2)."""
    exists = np.flatnonzero(np.isfinite(trial.values))
    chosen = exists[evenly_spaced(len(exists), MAX_POINTS)]
    return np.column_stack([trial.epochs[chosen], trial.values[chosen].clip(*limits)])


def _finish_epochs(axes: Axes, trials: Sequence[PlottedTrial], budgets: Sequence[int]) -> None:
    """Set up the shared axis of all panels; ticks are at the budgets if there are several or no curves."""
    first = min(float(trial.epochs[0]) for trial in trials)
    last = max(float(budgets[-1]), *(float(trial.epochs[-1]) for trial in trials))
    if len(budgets) > 1 and budgets[-1] >= LOGARITHMIC_FROM * budgets[0]:
        axes.set_xscale("log")
        margin = (last / first) ** 0.04
        axes.set_xlim(first / margin, last * margin)
    else:
        margin = 0.04 * (last - first) or 0.5
        axes.set_xlim(first - margin, last + margin)
    if len(budgets) == 1 and first < last:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        step = -(-len(budgets) // MAX_TICKS)
        axes.xaxis.set_major_locator(FixedLocator(list(budgets)[::-1][::step]))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _label(panels: Sequence[Axes], columns: int, metric: str) -> None:
    for position, axes in enumerate(panels):
        if position % columns == 0:
            axes.set_ylabel(metric)
        if position + columns >= len(panels):
            axes.set_xlabel("epochs")
            axes.tick_params(labelbottom=True)


def _leaving_points(trials: Sequence[PlottedTrial], limits: tuple[float, float]) -> FloatArray:
    """The first point of each curve, (n, 2), that is outside of this range."""
    points = [np.empty((0, 2))]
    for trial in trials:
        outside = np.flatnonzero((trial.values < limits[0]) | (trial.values > limits[1]))[:1]
        points.append(np.column_stack([trial.epochs[outside], trial.values[outside]]))
    return np.concatenate(points)


def _add_key(figure: Figure, trials: Sequence[PlottedTrial], outside: Mapping[str, Line2D]) -> None:
    """Add a legend below all panels."""
    fates = {trial.fate for trial in trials if not trial.best}
    lines = {
        name: Line2D([], [], **look, **end) for fate, (name, look, end) in _FATES.items() if fate in fates
    }
    if any(trial.best for trial in trials):
        lines["best trial"] = Line2D([], [], **_BEST)
    lines |= outside
    figure.legend(list(lines.values()), list(lines), loc="outside lower right", ncols=len(lines))
