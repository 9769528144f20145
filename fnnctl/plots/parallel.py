"""Parallel coordinates: every trial is a line through its settings to its objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.plots.axes import LOGARITHMIC_FROM, objective_range
from fnnctl.plots.searched import SearchedSetting
from fnnctl.plots.style import (
    COLOUR_MAP,
    COLOURS,
    INK,
    MUTED,
    SEQUENCE,
    WIDTH,
    add_legend,
    drawable_text,
    new_figure,
    show_message,
)
from fnnctl.plots.style import columns as text_columns

MAX_CATEGORIES = 24
"""The most categories labelled on an axis."""
MAX_LISTED_VALUES = 8
"""A numeric setting with at most this many values (on average two trials each) is drawn like a choice."""
BAND = 0.2
"""The lines of a category are spread over this share of the distance between categories."""
LONGEST_NAME = 34
VALUE_COLUMNS = 17
"""The widest label of a category that fits between two axes."""
LEAST_TICKS = 4
"""A logarithmic axis gets finer ticks if it has fewer: between two, nobody can read a value from it."""
LOGARITHMIC_TICKS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 2.0, 3.0, 5.0, 7.0))
"""The multiples of powers of ten, the coarsest ones first."""
MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """One vertical axis: its ticks by height, and the heights of the trials' lines (NaN for no value)."""

    name: str
    ticks: Sequence[tuple[float, str]]
    heights: FloatArray
    missing: str
    """The label of lines below the axis."""
    banded: bool = False
    """Whether many lines share a height and are therefore spread around it."""


def setting_axis(setting: SearchedSetting) -> ParallelAxis:
    """The axis of a setting: one height per value for choices and for a few numbers."""
    values, name = setting.values, drawable_text(setting.name, LONGEST_NAME)
    if setting.scale == "choice":
        return _listed_axis(name, values, [drawable_text(text, VALUE_COLUMNS) for text in setting.categories])
    distinct, indices = np.unique(values[np.isfinite(values)], return_inverse=True)
    if len(distinct) <= min(MAX_LISTED_VALUES, len(indices) // 2):
        positions = np.full(len(values), np.nan)
        positions[np.isfinite(values)] = indices
        return _listed_axis(name, positions, _number_texts(distinct))
    return _numeric_axis(name, values, "not set", logarithmic=setting.scale == "log")


def _listed_axis(name: str, positions: FloatArray, texts: Sequence[str]) -> ParallelAxis:
    """An axis with an evenly spaced height for each of a few values."""
    count = len(texts)
    heights = ((np.arange(count) + 0.5) / count).tolist()
    ticks = list(zip(heights, texts, strict=True))[:: -(-count // MAX_CATEGORIES)]
    return ParallelAxis(name, ticks, (positions + 0.5) / count, "not set", banded=True)


def objective_axis(objectives: FloatArray, name: str, *, minimized: bool) -> ParallelAxis:
    """The axis of the objective; a few bad values are at its end. Losses may be logarithmic."""
    finite = objectives[np.isfinite(objectives)]
    if not len(finite):
        return ParallelAxis(name, [], np.full(len(objectives), np.nan), "none")
    low, high = objective_range(finite, minimized=minimized)
    logarithmic = minimized and low > 0 and high >= LOGARITHMIC_FROM * low
    return _numeric_axis(name, objectives.clip(low, high), "none", logarithmic=logarithmic)


def _numeric_axis(name: str, values: FloatArray, missing: str, *, logarithmic: bool = False) -> ParallelAxis:
    """An axis from the lowest to the highest value; a single value is placed in the middle."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        (text,) = _number_texts(np.array([low]))
        return ParallelAxis(name, [(0.5, text)], np.where(np.isnan(values), np.nan, 0.5), missing)
    ticks = _logarithmic_ticks(low, high) if logarithmic else _ticks(MaxNLocator(6), low, high)
    texts = _number_texts(ticks)
    if logarithmic:
        low, high, ticks, values = np.log(low), np.log(high), np.log(ticks), np.log(values)
    heights, tick_heights = (values - low) / (high - low), (ticks - low) / (high - low)
    return ParallelAxis(name, list(zip(tick_heights.tolist(), texts, strict=True)), heights, missing)


def _number_texts(values: FloatArray) -> list[str]:
    """Whole numbers, and others with three digits or with as many as they need to differ."""
    texts: list[str] = []
    for digits in range(3, MOST_DIGITS + 1):
        texts = [_rounded(value, digits) for value in values.tolist()]
        if len({*texts}) == len({*values.tolist()}):
            break
    return texts


def _rounded(value: float, digits: int) -> str:
    if value == round(value) and abs(value) < 10**MOST_DIGITS:
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):,.{MOST_DIGITS}g}"


def _logarithmic_ticks(low: float, high: float) -> FloatArray:
    """Round numbers, as few as are enough."""
    if high < 5 * low:
        ticks = _ticks(MaxNLocator(5), low, high)
        if len(ticks) >= LEAST_TICKS:
            return ticks
    ticks = np.array([])
    # In a short range the locator itself replaces too few ticks by very many.
    for multiples in LOGARITHMIC_TICKS[0 if high >= 100 * low else 2 :]:
        ticks = _ticks(LogLocator(subs=multiples, numticks=12), low, high)
        if len(ticks) >= LEAST_TICKS:
            break
    return ticks


def _ticks(locator: Locator, low: float, high: float) -> FloatArray:
    with np.errstate(over="ignore"):  # beside values near the largest float, a tick may be infinite
        ticks = np.array(locator.tick_values(low, high))
    sizes = (low, high) if isinstance(locator, LogLocator) else (high - low, high - low)
    below, above = (1e-9 * size for size in sizes)
    is_on_axis: BoolArray = np.isfinite(ticks) & (low - below <= ticks) & (ticks <= high + above)
    return ticks[is_on_axis]


def band_of(heights: FloatArray) -> float:
    """How far apart the outer lines of one category are."""
    distinct = np.unique(heights[np.isfinite(heights)])
    return BAND * float(np.diff(distinct).min() if len(distinct) > 1 else 0.5)


def spread_lines(heights: FloatArray, badness: FloatArray) -> FloatArray:
    """The heights on an axis with few values, spread around each value with the best trials on top."""
    band, spread = band_of(heights), heights.copy()
    for height in np.unique(heights[np.isfinite(heights)]):
        members = np.flatnonzero(heights == height)
        ranked = members[np.argsort(-badness[members], kind="stable")]  # NaN, the worst of all, comes last
        count = np.isfinite(badness[ranked]).sum()
        ranked = np.roll(ranked, len(ranked) - count)
        spread[ranked] += band * ((np.arange(len(ranked)) + 0.5) / len(ranked) - 0.5)
    return spread


MAX_AXES = 6
"""The most settings drawn; later ones are left out, because nobody can read more."""
MAX_LINES = 1000
"""The most trials drawn: the best ones, and others evenly chosen by rank."""
TOP = 10
"""This many of the best trials have thick lines."""
INCHES_PER_AXIS = 1.6
"""Enough for a label of `VALUE_COLUMNS`."""
LABEL_SIZE = 9.0
"""In points, of the ticks."""
NAME_COLUMNS = 18
"""If a name is wider than this, every other name is one line higher, which leaves room for twice as much."""
NOWHERE = -0.09
"""The height, below an axis, of lines without a value on it."""

_FAILED: dict[str, Any] = {"colors": COLOURS[1], "linewidths": 0.8, "linestyles": [(0, (4, 2))]}
_BEST: dict[str, Any] = {"color": INK, "linewidth": 2.6, "marker": "*", "markersize": 10.0}


def parallel_figure(
    settings: Sequence[SearchedSetting],
    objectives: FloatArray,
    *,
    metric: str,
    minimized: bool,
    title: str,
    best: int | None = None,
) -> Figure:
    """Draw n trials with these objectives (n,), NaN if there is none; better trials are darker.

    Each tenth of the trials, by rank, has a colour; the ten best are thick, and the trial with the index
    `best` is black, with a star. Logarithmic settings have logarithmic axes; choices have one height per
    value. If a trial does not have a setting, its line passes below that axis. The last axis is the
    objective; a few bad values may be drawn at its end.
    """
    drawn = settings[:MAX_AXES]
    texts = [metric, *(text for setting in drawn for text in (setting.name, *setting.categories))]
    if len(drawn) < len(settings):
        title = f"{title}, {len(drawn)} of {len(settings)} settings"
    with new_figure(max(WIDTH, 1.6 + INCHES_PER_AXIS * (len(drawn) + 1)), 5.2, title, texts) as figure:
        axes = figure.subplots()
        if not len(objectives) or not drawn:
            show_message(axes, "no results yet" if drawn else "no setting was searched")
            return figure
        columns = [setting_axis(setting) for setting in drawn]
        columns.append(objective_axis(objectives, drawable_text(metric, NAME_COLUMNS), minimized=minimized))
        entries = _draw_lines(axes, columns, minimized=minimized, best=best)
        for position, column in enumerate(columns):
            _draw_axis(axes, position, column)
        _finish(axes, columns)
        _add_colour_bar(axes, objectives, drawable_text(metric, 30), minimized=minimized)
        below: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.0, 0.0)}
        add_legend(axes, [*entries.values()], [*entries], ncols=len(entries), **below)
    return figure


def _draw_lines(
    axes: Axes, columns: Sequence[ParallelAxis], *, minimized: bool, best: int | None
) -> dict[str, Line2D]:
    """Draw the lines of all trials, the best on top; those without an objective are dashed.

    Returns the entries of the legend.
    """
    heights = np.column_stack([column.heights for column in columns])
    badness = heights[:, -1] if minimized else 1 - heights[:, -1]
    for position, column in enumerate(columns):
        if column.banded:
            heights[:, position] = spread_lines(column.heights, badness)
    drawn = np.where(np.isnan(heights), NOWHERE, heights)
    ranked = np.argsort(badness, kind="stable")  # trials without an objective come last
    top, rest = ranked[:TOP], ranked[TOP:]
    ranked = np.concatenate([top, rest[:: max(1, -(-len(rest) // (MAX_LINES - TOP)))]])
    across = np.arange(len(columns), dtype=np.float64)

    def segments(trials: IntArray) -> list[FloatArray]:
        return [np.column_stack([across, drawn[index]]) for index in trials]

    alpha = min(0.9, max(0.25, 40 / len(ranked)))
    worst_first = ranked[~np.isnan(badness[ranked])][::-1]
    is_top = np.isin(worst_first, top)
    tenths = _tenths(badness)[worst_first]
    colours = COLOUR_MAP(tenths)
    colours[:, 3] = np.where(is_top, 1.0, alpha + 0.03 * (1 - alpha) * tenths)
    widths = np.where(is_top, 1.6, 0.8)
    axes.add_collection(LineCollection(segments(worst_first), colors=colours, linewidths=widths, zorder=2))
    failed = ranked[np.isnan(badness[ranked])]
    axes.add_collection(LineCollection(segments(failed), alpha=min(0.7, alpha), zorder=1.5, **_FAILED))
    entries = {}
    if best is not None:
        axes.plot(across, drawn[best], markevery=[len(columns) - 1], zorder=2.5, clip_on=False, **_BEST)
        entries["best trial"] = Line2D([], [], **_BEST)
    if len(worst_first) > TOP:
        entries[f"the {TOP} with the best objectives"] = Line2D([], [], color=SEQUENCE[-2], linewidth=1.7)
    if len(failed):
        entries["diverged or failed"] = Line2D([], [], color=COLOURS[1], linewidth=0.8, linestyle=(0, (4, 2)))
    return entries


def _tenths(badness: FloatArray) -> IntArray:
    """The tenth of the ranks of each trial, from 0 to 9, the best, (n,); equal ones share the better."""
    ascending = np.sort(badness[~np.isnan(badness)])
    better = np.searchsorted(ascending, badness, side="left")
    return len(SEQUENCE) - 1 - better * len(SEQUENCE) // max(1, len(ascending))


def _add_colour_bar(axes: Axes, objectives: FloatArray, metric: str, *, minimized: bool) -> None:
    """The colours of the tenths of the trials, with the objectives at the limits of some."""
    ranked = np.sort(objectives[np.isfinite(objectives)])
    if len(ranked) < 2 or ranked[0] == ranked[-1]:
        return
    if minimized:
        ranked = ranked[::-1]
    count = len(SEQUENCE)
    shades = ScalarMappable(BoundaryNorm(range(count + 1), count), COLOUR_MAP)
    bar = axes.figure.colorbar(shades, ax=axes, aspect=36, pad=0.01, shrink=0.86)
    tenths = np.array([0, 2.5, 5, 7.5, 10])
    values = ranked[np.round(tenths / count * (len(ranked) - 1)).astype(np.intp)]
    bar.set_ticks(tenths.tolist(), labels=_number_texts(values))
    bar.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(f"{metric}; each colour is a tenth of the trials")


def _draw_axis(axes: Axes, position: int, column: ParallelAxis) -> None:
    axes.plot([position, position], [0, 1], color=INK, linewidth=1.0, zorder=3)
    ground = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "xytext": (7, 0),
        "va": "center",
        "zorder": 4,  # above all lines
        "bbox": ground,
        "fontsize": LABEL_SIZE,
    }
    half = band_of(column.heights) / 2 if column.banded else 0.0
    for height, text in column.ticks:
        if half:  # the lines of this tick end anywhere on the bar
            axes.plot([position] * 2, [height - half, height + half], color=INK, linewidth=4.0, zorder=3)
        axes.plot([position], [height], marker="_", color=INK, markersize=6, zorder=3)
        axes.annotate(text, (position, height), color=INK, **style)
    if np.isnan(column.heights).any():
        axes.plot([position], [NOWHERE], marker="_", color=MUTED, markersize=6, zorder=3)
        axes.annotate(column.missing, (position, NOWHERE), color=MUTED, **style)


def _finish(axes: Axes, columns: Sequence[ParallelAxis]) -> None:
    missing = any(np.isnan(column.heights).any() for column in columns)
    axes.set_xlim(-0.12, len(columns) - 0.55)
    axes.set_ylim(NOWHERE - 0.04 if missing else -0.03, 1.03)
    names = [column.name for column in columns]
    if any(text_columns(name) > NAME_COLUMNS for name in names):
        names = [name if position % 2 else f"{name}\n" for position, name in enumerate(names)]
    axes.set_xticks(range(len(columns)), names, fontsize=LABEL_SIZE + 0.5, ha="left")
    axes.tick_params(axis="x", length=0, labeltop=True, labelbottom=False, labelcolor=INK)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.grid(False)
