"""What each threshold between two classes gains and loses: rates of right and wrong decisions, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.arrays import FloatArray
from fnnctl.metrics.decisions import EVEN
from fnnctl.plots.style import COLOURS, DASHES, INK, MUTED, drawable_text, legend_beside, new_figure

NAME_COLUMNS = 24

Rates = Mapping[str, Sequence[float | None]]

_UPPER: Final[Mapping[str, str]] = {"precision": "precision", "recall": "recall", "f1": "F1"}
_LOWER: Final[Mapping[str, str]] = {
    "false_positive_rate": "false positive rate",
    "predicted_positive": "share predicted positive",
}
_COST: Final[Mapping[str, str]] = {"cost": "cost per row"}
_CHOSEN: dict[str, Any] = {"color": INK, "linewidth": 1.3}
_DEFAULT: dict[str, Any] = {"color": MUTED, "linewidth": 1.1, "linestyle": DASHES[3]}


def trade_offs_figure(
    rates: Rates, *, positive: str, chosen: float | None, title: str, how: str = "used here"
) -> Figure:
    """Draw the columns of threshold.csv over the threshold: two panels of rates and, with costs, a third.

    `positive` is the class that is predicted at or above the threshold. Vertical lines mark the `chosen`
    threshold, if there is one, and 0.5; the legend says `how` it was chosen, and has the values there.
    Between two thresholds, rates are those of the next one.
    """
    columns = {name: np.array(column, dtype=np.float64) for name, column in rates.items()}
    panels = [_UPPER, _LOWER, *([_COST] if "cost" in columns else [])]
    heights = [2.9, 1.6, 1.4][: len(panels)]
    name, mark = drawable_text(positive, NAME_COLUMNS), EVEN if chosen is None else chosen
    with new_figure(8.0, 1.2 + sum(heights), title, [positive]) as figure:
        all_axes = figure.subplots(len(panels), sharex=True, height_ratios=heights)
        for axes, panel in zip(all_axes, panels, strict=True):
            lines, texts = _draw(axes, columns, panel, mark)
            marks = _mark(axes, chosen, how)
            if panel is _UPPER:
                heading = f"decisions for\n{name}\nat {mark:.3g}"
                legend_beside(axes, [*lines, *marks.values()], [*texts, *marks], title=heading)
            else:
                legend_beside(axes, lines, texts, title="")
            if panel is _COST:
                axes.set_ylim(0, 1.05 * float(np.max(columns["cost"])) or 1.0)
            else:
                axes.set(ylim=(-0.02, 1.02), yticks=np.arange(6) / 5)
        axes.set(xlim=(-0.015, 1.015), xticks=np.arange(11) / 10)
        axes.set_xlabel(f"threshold: least probability of {name} at which it is predicted")
    return figure


def _draw(
    axes: Axes, columns: Mapping[str, FloatArray], panel: Mapping[str, str], mark: float
) -> tuple[list[Line2D], list[str]]:
    """Draw the columns of a panel; return the legend's lines and texts, with the values at the mark."""
    thresholds, lines, texts = columns["threshold"], [], []
    at = min(int(np.searchsorted(thresholds, mark)), len(thresholds) - 1)
    for (name, label), colour, dash in zip(panel.items(), COLOURS, DASHES, strict=False):
        look: dict[str, Any] = {"color": colour, "linestyle": dash}
        axes.plot(thresholds, columns[name], drawstyle="steps-pre", **look)
        lines.append(Line2D([], [], **look))
        value = columns[name][at]
        texts.append(f"{label} {'–' if np.isnan(value) else f'{value:.3f}'}")
    return lines, texts


def _mark(axes: Axes, chosen: float | None, how: str) -> dict[str, Line2D]:
    """Draw the vertical lines; return them by their texts in the legend."""
    axes.axvline(EVEN, **_DEFAULT)
    marks = {f"threshold {EVEN}": Line2D([], [], **_DEFAULT)}
    if chosen is None:
        return marks
    axes.axvline(chosen, **_CHOSEN)
    return {f"threshold {chosen:.3g}, {how}": Line2D([], [], **_CHOSEN), **marks}
