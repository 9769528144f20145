"""The timeline of a search: a lane per worker, with a bar for everything that it trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.plots.axes import finish_rows
from fnnctl.plots.searched import PlottedWorker
from fnnctl.plots.style import (
    COLOURS,
    INK,
    MUTED,
    WIDTH,
    add_legend,
    budget_colours,
    drawable_text,
    new_figure,
    show_message,
)

MAX_LANES = 40
"""The most workers drawn; later ones are left out."""
NAME_COLUMNS = 28
LANE_HEIGHT = 0.34
BAR_HEIGHT = 0.7
"""As a share of the distance between lanes."""
FINEST = 1 / 1500
"""Shorter bars and gaps than this share of the axis are not drawn as such: about a pixel."""
UNITS = ((7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))
"""From how many seconds on the axis has a unit, the unit's length, and its name."""


def timeline_figure(workers: Sequence[PlottedWorker], ends: Sequence[float], *, title: str) -> Figure:
    """Draw what each worker did: gaps are the times in which it waited. Colours are budgets.

    `ends` are the ends of the sessions, in seconds; each but the last is a vertical line, where a pause was
    cut out. The first 40 workers are drawn, and the title says how many more there are.
    """
    drawn = workers[:MAX_LANES]
    if left := len(workers) - len(drawn):
        title += f"; {left:,} more are not drawn"
    height = 1.5 + LANE_HEIGHT * max(2, len(drawn))
    with new_figure(WIDTH, height, title, [worker.name for worker in drawn]) as figure:
        axes = figure.subplots()
        if not drawn:
            show_message(axes, "nothing was trained yet")
            return figure
        last = max(ends[-1], 1e-3)
        unit, name = next((length, text) for least, length, text in UNITS if last >= least)
        entries = _draw_bars(axes, drawn, last / unit, unit)
        for end in ends[:-1]:
            axes.axvline(end / unit, color=INK, linewidth=0.9, linestyle=(0, (1.5, 1.5)), zorder=3)
        _draw_shares(axes, drawn)
        names = [drawable_text(worker.name, NAME_COLUMNS) for worker in drawn]
        finish_rows(axes, names, limits=(len(drawn) - 0.4, -0.6))
        axes.set_xlim(0, last / unit)
        axes.xaxis.set_major_locator(MaxNLocator(8))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
        axes.set_xlabel(f"{name} of searching" + (", without the pauses" if len(ends) > 1 else ""))
        position: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.1}
        add_legend(axes, [*entries.values()], [*entries], ncols=len(entries), handlelength=1.1, **position)
    return figure


def _draw_bars(axes: Axes, workers: Sequence[PlottedWorker], last: float, unit: float) -> dict[str, Patch]:
    """Draw all bars on an axis that ends at `last`; return the entries of the legend."""
    budgets = np.concatenate([worker.budgets for worker in workers])
    colours: dict[str, str] = {}
    limits: list[tuple[int, int]] = []
    if len(trial_budgets := budgets[budgets > 0]):
        shades = budget_colours(trial_budgets.tolist())
        limits = list(zip(shades.lows, shades.highs, strict=True))
        if len(limits) > 1:
            *smaller, largest = shades.texts
            colours = dict(zip([*smaller, f"{largest} epochs"], shades.colours, strict=True))
        else:
            colours = {"trials": COLOURS[0]}
    if (budgets == 0).any():
        limits.append((0, 0))
        colours["confirmation"] = COLOURS[1]
    for (low, high), colour in zip(limits, colours.values(), strict=True):
        for lane, worker in enumerate(workers):
            chosen = (worker.budgets >= low) & (worker.budgets <= high)
            bars = _merged(worker, chosen, last * FINEST * unit) / unit
            lane_range = (lane - BAR_HEIGHT / 2, BAR_HEIGHT)
            axes.broken_barh([*map(tuple, bars)], lane_range, facecolors=colour, linewidth=0, zorder=2)
    return {text: Patch(facecolor=colour) for text, colour in colours.items()}


def _merged(worker: PlottedWorker, chosen: BoolArray, finest: float) -> FloatArray:
    """The starts and lengths of the chosen bars, (m, 2), without gaps and bars shorter than `finest`."""
    starts, stops = worker.starts[chosen], worker.stops[chosen]
    if not len(starts):
        return np.empty((0, 2))
    begins = np.flatnonzero(np.append(True, starts[1:] > np.maximum.accumulate(stops)[:-1] + finest))
    firsts = starts[begins]
    lasts = np.maximum.reduceat(stops, begins)
    return np.column_stack([firsts, np.maximum(lasts - firsts, finest)])


def _draw_shares(axes: Axes, workers: Sequence[PlottedWorker]) -> None:
    """Write each worker's share of busy time at the end of its lane."""
    style: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
    style |= {"xytext": (5, 0), "va": "center", "color": MUTED, "fontsize": 8.5}
    for lane, worker in enumerate(workers):
        axes.annotate(f"{worker.share:.0%}", (1.0, lane), **style)
