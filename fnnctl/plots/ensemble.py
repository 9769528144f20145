"""What each trial brings to an ensemble: its weight, and how much worse the ensemble is without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from fnnctl.plots.axes import finish_rows
from fnnctl.plots.style import COLOURS, FAINT, MUTED, WIDTH, drawable_text, new_figure

MAX_TRIALS = 30
ROW_HEIGHT = 0.3
NAME_COLUMNS = 24
_AT_END: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 8.5}


class PlottedTrial(NamedTuple):
    """A trial of an ensemble."""

    name: str
    share: float
    """Its weight in the mean, from 0 to 1."""
    gain: float | None
    """How much the loss rises without it; None for the only trial."""


def ensemble_figure(trials: Sequence[PlottedTrial], *, loss: str, title: str) -> Figure:
    """Draw each trial's weight and, beside it, the rise of the loss without the trial, in the given order.

    The first 30 are drawn, and the title says how many more there are. Where the loss would fall, the bar is
    grey. `loss` is the name of the loss.
    """
    drawn = trials[:MAX_TRIALS]
    if left := len(trials) - len(drawn):
        title += f"; {left:,} more in the report"
    names = [drawable_text(trial.name, NAME_COLUMNS) for trial in drawn]
    with new_figure(WIDTH, max(2.4, 1.5 + ROW_HEIGHT * len(drawn)), title, [loss, *names]) as figure:
        weights, rises = figure.subplots(1, 2, sharey=True)
        heights = np.arange(len(drawn))
        shares = [trial.share for trial in drawn]
        weights.barh(heights, shares, height=0.62, color=COLOURS[0])
        for height, share in zip(heights.tolist(), shares, strict=True):
            weights.annotate(f"{share:.0%}", (share, height), color=MUTED, **_AT_END)
        finish_rows(weights, names, limits=(max(3, len(drawn)) - 0.4, -0.6))
        weights.set(xlim=(0, 1.25 * max(shares)), xlabel="weight in the mean")
        weights.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        gains = [trial.gain or 0.0 for trial in drawn]
        rises.barh(heights, gains, height=0.62, color=[COLOURS[1] if gain > 0 else FAINT for gain in gains])
        rises.axvline(0.0, color=FAINT, linewidth=1.2, zorder=1)
        rises.tick_params(axis="y", length=0)
        rises.grid(False, axis="y")
        rises.xaxis.set_major_locator(MaxNLocator(nbins=5))
        rises.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        rises.set_xlabel(drawable_text(f"rise of the {loss} without it", 60))
    return figure
