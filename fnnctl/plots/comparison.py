"""The scores of compared runs, and the differences of their pairs, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fnnctl.plots.axes import finish_rows, padded
from fnnctl.plots.style import COLOURS, MUTED, drawable_text, new_figure

MAX_ROWS: Final = 30
"""More runs or pairs are not drawn."""
NARROW: Final = 6.0
"""Inches: the page shows the figure on a phone too."""
ROW_HEIGHT: Final = 0.34
LONGEST_NAME: Final = 24
_LINE: Final[dict[str, Any]] = {"linewidth": 1.8, "solid_capstyle": "butt"}
_DIFFERENT: Final[dict[str, Any]] = {"marker": "o", "markersize": 6.5, "linestyle": "none"}
_TIED: Final[dict[str, Any]] = {**_DIFFERENT, "markerfacecolor": "white", "markeredgewidth": 1.6}


@dataclass(frozen=True, slots=True)
class PlottedScore:
    """A score, or the difference of two, with its 95 % interval."""

    name: str
    value: float
    interval: tuple[float, float] | None
    is_tie: bool = False
    """Whether a difference may be chance; such a dot is hollow."""


def comparison_figure(
    scores: Sequence[PlottedScore], differences: Sequence[PlottedScore], *, metric: str, unit: str, title: str
) -> Figure:
    """Draw a row per run and a row per pair, each a dot with its interval; at most 30 of each.

    `unit` is that of the differences, which are shown against a line at 0: a dot is filled if a difference is
    more than chance, else hollow.
    """
    scores, differences = scores[:MAX_ROWS], differences[:MAX_ROWS]
    heights = [max(2, len(rows)) + 1.3 for rows in (scores, differences)]
    texts = [metric, unit, *(row.name for row in (*scores, *differences))]
    with new_figure(NARROW, 0.7 + ROW_HEIGHT * sum(heights) + 0.6, title, texts) as figure:
        above, below = figure.subplots(2, 1, height_ratios=heights)
        _draw_rows(above, scores, COLOURS[0], [])
        above.set_xlabel(drawable_text(metric, 60))
        below.axvline(0.0, color=MUTED, linewidth=1.0, zorder=1)
        _draw_rows(below, differences, COLOURS[1], [0.0])
        below.set_xlabel(
            drawable_text(f"difference{f', {unit}' if unit else ''} (hollow: may be chance)", 60)
        )
    return figure


def _draw_rows(axes: Axes, rows: Sequence[PlottedScore], colour: str, also: Sequence[float]) -> None:
    """Draw the rows on an axis that also reaches these values."""
    draw_scores(axes, rows, colour, longest_name=LONGEST_NAME)
    ends = [*also, *(end for score in rows for end in (score.value, *(score.interval or ())))]
    axes.set_xlim(padded(float(np.min(ends)), float(np.max(ends))))


def draw_scores(axes: Axes, scores: Sequence[PlottedScore], colour: str, *, longest_name: int) -> None:
    """Draw a row per score: a dot with its interval, and a name of at most so many columns of text."""
    for height, score in enumerate(scores):
        if score.interval:
            axes.plot(score.interval, [height, height], color=colour, zorder=2, **_LINE)
        axes.plot([score.value], [height], color=colour, zorder=3, **(_TIED if score.is_tie else _DIFFERENT))
    names = [drawable_text(score.name, longest_name) for score in scores]
    finish_rows(axes, names, limits=(max(2, len(scores)) - 0.5, -0.5))
