"""The vertical axes of parallel coordinates: the ticks, and the height of each trial's line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from fnnctl.arrays import FloatArray
from fnnctl.plots.axes import LOGARITHMIC_FROM, objective_range
from fnnctl.plots.searched import SearchedSetting
from fnnctl.plots.text import fitted

MOST_CATEGORIES = 24
"""The most categories labelled on an axis."""
MOST_LISTED_VALUES = 8
"""A numeric setting with at most this many values (on average two trials each) is drawn like a choice."""
BAND = 0.2
"""The lines of a category are spread over this share of the distance between categories."""
LONGEST_NAME = 34
VALUE_COLUMNS = 14


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
    values, name = setting.values, fitted(setting.name, LONGEST_NAME)
    if setting.scale == "choice":
        return _listed_axis(name, values, [fitted(text, VALUE_COLUMNS) for text in setting.categories])
    distinct, places = np.unique(values[np.isfinite(values)], return_inverse=True)
    if len(distinct) <= min(MOST_LISTED_VALUES, len(places) // 2):
        positions = np.full(len(values), np.nan)
        positions[np.isfinite(values)] = places
        return _listed_axis(name, positions, [f"{value:,.6g}" for value in distinct])
    return _numeric_axis(name, values, "not set", logarithmic=setting.scale == "log")


def _listed_axis(name: str, positions: FloatArray, texts: Sequence[str]) -> ParallelAxis:
    """An axis with an evenly spaced height for each of a few values."""
    count = len(texts)
    places = ((np.arange(count) + 0.5) / count).tolist()
    ticks = list(zip(places, texts, strict=True))[:: -(-count // MOST_CATEGORIES)]
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
        return ParallelAxis(name, [(0.5, f"{low:,.5g}")], np.where(np.isnan(values), np.nan, 0.5), missing)
    ticks = np.array(_locator(low, high, logarithmic=logarithmic).tick_values(low, high))
    margin = 1e-9 * (high - low)
    ticks = ticks[(low - margin <= ticks) & (ticks <= high + margin)]
    texts = [f"{tick:,.6g}" for tick in ticks.tolist()]
    if logarithmic:
        low, high, ticks, values = np.log(low), np.log(high), np.log(ticks), np.log(values)
    heights, places = (values - low) / (high - low), (ticks - low) / (high - low)
    return ParallelAxis(name, list(zip(places.tolist(), texts, strict=True)), heights, missing)


def _locator(low: float, high: float, *, logarithmic: bool) -> Locator:
    """Round numbers; on a logarithmic axis powers of ten, plus 2 and 5 times these if its range is short."""
    if not logarithmic:
        return MaxNLocator(6)
    if high < 5 * low:
        return MaxNLocator(5)
    return LogLocator(subs=(1.0,) if high >= 1e3 * low else (1.0, 2.0, 5.0), numticks=12)


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
        known = np.isfinite(badness[ranked]).sum()
        ranked = np.roll(ranked, len(ranked) - known)
        spread[ranked] += band * ((np.arange(len(ranked)) + 0.5) / len(ranked) - 0.5)
    return spread
