"""Parallel coordinates: every trial is a line through its settings to its objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import objective_range
from fnnctl.plots.search_history import COLOUR_MAP
from fnnctl.plots.searched import SearchedSetting
from fnnctl.plots.style import COLOURS, INK, MUTED, WIDTH, new_figure, show_message
from fnnctl.plots.text import fitted

MOST_AXES = 12
"""The most settings drawn; later ones are left out."""
MOST_CATEGORIES = 24
"""The most categories labelled on an axis."""
MOST_LISTED_VALUES = 8
"""A numeric setting with at most this many values (on average two trials each) is drawn like a choice."""
BAND = 0.5
"""The lines of a category are spread over this share of the distance between categories."""
MOST_LINES = 1000
"""The most trials drawn, evenly chosen by rank."""
NAME_COLUMNS = 18
VALUE_COLUMNS = 14
INCHES_PER_AXIS = 1.5
STRESS = 6
"""The exponent of the ranks (0 to 1) that set opacity and width; with more, the best lines stand out more."""
NOWHERE = -0.09
"""The height, below an axis, of lines without a value on it."""

_FAILED: dict[str, Any] = {"colors": COLOURS[1], "linewidths": 0.8, "linestyles": [(0, (4, 2))]}


@dataclass(frozen=True, slots=True)
class _Axis:
    """One vertical axis: its ticks by height, and the heights of the trials' lines (NaN for no value)."""

    name: str
    ticks: Sequence[tuple[float, str]]
    heights: FloatArray
    missing: str
    """The label of lines below the axis."""
    banded: bool = False
    """Whether many lines share a height and are therefore spread around it."""


def parallel_figure(
    settings: Sequence[SearchedSetting],
    objectives: FloatArray,
    *,
    metric: str,
    minimized: bool,
    title: str,
) -> Figure:
    """Draw n trials with these objectives (n,), NaN if there is none; better trials are darker.

    Logarithmic settings have logarithmic axes; choices have one height per value. If a trial does not have a
    setting, its line passes below that axis. The last axis is the objective; a few bad values may be drawn at
    its end.
    """
    shown = settings[:MOST_AXES]
    texts = [metric, *(text for each in shown for text in (each.name, *each.categories))]
    if len(shown) < len(settings):
        title = f"{title}, {len(shown)} of {len(settings)} settings"
    with new_figure(max(WIDTH, 1.0 + INCHES_PER_AXIS * (len(shown) + 1)), 5.0, title, texts) as figure:
        axes = figure.subplots()
        if not len(objectives) or not shown:
            show_message(axes, "no results yet" if shown else "no setting was searched")
            return figure
        columns = [_setting_axis(setting) for setting in shown]
        columns.append(_objective_axis(objectives, fitted(metric, NAME_COLUMNS), minimized=minimized))
        _draw_lines(axes, columns, minimized=minimized)
        for position, column in enumerate(columns):
            _draw_axis(axes, position, column)
        _finish(axes, columns)
    return figure


def _setting_axis(setting: SearchedSetting) -> _Axis:
    values, name = setting.values, fitted(setting.name, NAME_COLUMNS)
    if setting.scale == "choice":
        return _listed_axis(name, values, [fitted(text, VALUE_COLUMNS) for text in setting.categories])
    distinct, places = np.unique(values[np.isfinite(values)], return_inverse=True)
    if len(distinct) <= min(MOST_LISTED_VALUES, len(places) // 2):
        positions = np.full(len(values), np.nan)
        positions[np.isfinite(values)] = places
        return _listed_axis(name, positions, [f"{value:.6g}" for value in distinct])
    return _numeric_axis(name, values, "not set", logarithmic=setting.scale == "log")


def _listed_axis(name: str, positions: FloatArray, texts: Sequence[str]) -> _Axis:
    """An axis with an evenly spaced height for each of a few values."""
    count = len(texts)
    places = ((np.arange(count) + 0.5) / count).tolist()
    ticks = list(zip(places, texts, strict=True))[:: -(-count // MOST_CATEGORIES)]
    return _Axis(name, ticks, (positions + 0.5) / count, "not set", banded=True)


def _objective_axis(objectives: FloatArray, name: str, *, minimized: bool) -> _Axis:
    finite = objectives[np.isfinite(objectives)]
    if not len(finite):
        return _Axis(name, [], np.full(len(objectives), np.nan), "none")
    return _numeric_axis(name, objectives.clip(*objective_range(finite, minimized=minimized)), "none")


def _numeric_axis(name: str, values: FloatArray, missing: str, *, logarithmic: bool = False) -> _Axis:
    """An axis from the lowest to the highest value; a single value is placed in the middle."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        return _Axis(name, [(0.5, f"{low:.5g}")], np.where(np.isnan(values), np.nan, 0.5), missing)
    ticks = np.array(_locator(low, high, logarithmic=logarithmic).tick_values(low, high))
    margin = 1e-9 * (high - low)
    ticks = ticks[(low - margin <= ticks) & (ticks <= high + margin)]
    texts = [f"{tick:.6g}" for tick in ticks.tolist()]
    if logarithmic:
        low, high, ticks, values = np.log(low), np.log(high), np.log(ticks), np.log(values)
    heights, places = (values - low) / (high - low), (ticks - low) / (high - low)
    return _Axis(name, list(zip(places.tolist(), texts, strict=True)), heights, missing)


def _locator(low: float, high: float, *, logarithmic: bool) -> Locator:
    """Round numbers; on a logarithmic axis powers of ten, plus 2 and 5 times these if its range is short."""
    if not logarithmic:
        return MaxNLocator(6)
    if high < 5 * low:
        return MaxNLocator(5)
    return LogLocator(subs=(1.0,) if high >= 1e3 * low else (1.0, 2.0, 5.0), numticks=12)


def _draw_lines(axes: Axes, columns: Sequence[_Axis], *, minimized: bool) -> None:
    """Draw the lines of all trials, the best on top; those without an objective are dashed."""
    heights = np.column_stack([column.heights for column in columns])
    badness = heights[:, -1] if minimized else 1 - heights[:, -1]
    for position, column in enumerate(columns):
        if column.banded:
            heights[:, position] = _spread(column.heights, badness)
    drawn = np.where(np.isnan(heights), NOWHERE, heights)
    ranked = np.argsort(badness, kind="stable")  # trials without an objective come last
    ranked = ranked[:: -(-len(ranked) // MOST_LINES)]
    count = len(ranked)
    alpha = min(0.9, max(0.25, 40 / count))
    across = np.arange(len(columns), dtype=np.float64)
    has_objective = ~np.isnan(badness[ranked])
    worst_first = ranked[has_objective][::-1]
    segments = [np.column_stack([across, drawn[index]]) for index in worst_first]
    goodness = (np.arange(len(worst_first)) + 1) / max(1, len(worst_first))
    colours = COLOUR_MAP(goodness)
    colours[:, 3] = alpha + (1 - alpha) * goodness**STRESS
    widths = 0.7 + 1.1 * goodness**STRESS
    axes.add_collection(LineCollection(segments, colors=colours, linewidths=widths, zorder=2))
    failed = [np.column_stack([across, drawn[index]]) for index in ranked[~has_objective]]
    axes.add_collection(LineCollection(failed, alpha=min(0.7, alpha), zorder=1.5, **_FAILED))


def _spread(heights: FloatArray, badness: FloatArray) -> FloatArray:
    """The heights on an axis with few values, spread around each value with the best trials on top."""
    distinct = np.unique(heights[np.isfinite(heights)])
    band = BAND * float(np.diff(distinct).min() if len(distinct) > 1 else 0.5)
    spread = heights.copy()
    for height in distinct:
        members = np.flatnonzero(heights == height)
        ranked = members[np.argsort(-badness[members], kind="stable")]  # NaN, the worst of all, comes last
        known = np.isfinite(badness[ranked]).sum()
        ranked = np.roll(ranked, len(ranked) - known)
        spread[ranked] += band * ((np.arange(len(ranked)) + 0.5) / len(ranked) - 0.5)
    return spread


def _draw_axis(axes: Axes, position: int, column: _Axis) -> None:
    halo = [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    axes.plot([position, position], [0, 1], color=INK, linewidth=1.0, zorder=3)
    style: dict[str, Any] = {"textcoords": "offset points", "va": "center", "zorder": 4, "path_effects": halo}
    for height, text in column.ticks:
        axes.plot([position], [height], marker="_", color=INK, markersize=6, zorder=3)
        axes.annotate(text, (position, height), xytext=(6, 0), color=INK, fontsize=7.5, **style)
    if np.isnan(column.heights).any():
        axes.plot([position], [NOWHERE], marker="_", color=MUTED, markersize=6, zorder=3)
        axes.annotate(column.missing, (position, NOWHERE), xytext=(6, 0), color=MUTED, fontsize=7.5, **style)


def _finish(axes: Axes, columns: Sequence[_Axis]) -> None:
    axes.set_xlim(-0.12, len(columns) - 0.55)
    axes.set_ylim(NOWHERE - 0.04, 1.03)
    axes.set_xticks(range(len(columns)), [column.name for column in columns], fontsize=8.5, ha="left")
    axes.tick_params(axis="x", length=0, labeltop=True, labelbottom=False, labelcolor=INK)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.grid(False)
