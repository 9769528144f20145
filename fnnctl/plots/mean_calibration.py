"""Observed over predicted means of counts and amounts, by tenths of the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.metrics.mean_calibration import MeanTenth
from fnnctl.plots.style import COLOURS, DASHES, MUTED, drawable_text, legend_above, new_figure

NAME_COLUMNS: Final = 40
_OBSERVED: Final[dict[str, Any]] = {"color": COLOURS[0], "marker": "o", "markersize": 5.0, "linestyle": ""}
_EQUAL: Final[dict[str, Any]] = {"color": MUTED, "linewidth": 1.1, "linestyle": DASHES[1]}
LONG_TAIL: Final = 20.0
"""On a linear axis means so many times as large as the smallest would crowd the others in a corner."""


def mean_calibration_figure(means: Sequence[MeanTenth], *, target: str, title: str) -> Figure:
    """Draw the observed mean of each tenth, with its interval, over the predicted one, with the diagonal.

    The axes are logarithmic if the means are far apart and all ends of intervals are above 0. The means are
    of `target`.
    """
    ends = [end for mean in means for end in (mean.predicted, mean.observed, *mean.interval)]
    predicted = [mean.predicted for mean in means]
    is_log = min(ends) > 0.0 and max(predicted) > LONG_TAIL * min(predicted)
    low, high = (min(ends) / 1.2, max(ends) * 1.2) if is_log else (0.0, 1.04 * max(ends))
    name = drawable_text(target, NAME_COLUMNS)
    with new_figure(6.6, 6.4, title, [target]) as figure:
        axes = figure.subplots()
        scale = "log" if is_log else "linear"
        axes.set(xscale=scale, yscale=scale)
        axes.plot([low, high], [low, high], **_EQUAL)
        for mean in means:
            axes.plot([mean.predicted] * 2, mean.interval, color=_OBSERVED["color"], linewidth=1.5)
        axes.plot(predicted, [mean.observed for mean in means], **_OBSERVED)
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        axes.set(xlabel=f"predicted mean {name}", ylabel=f"observed mean {name}")
        lines = {
            "a tenth of the rows, 95 % interval": Line2D([], [], **{**_OBSERVED, "linestyle": "-"}),
            "equal": Line2D([], [], **_EQUAL),
        }
        legend_above(axes, lines)
    return figure
