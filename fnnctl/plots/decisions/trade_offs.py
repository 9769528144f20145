"""What each threshold between two classes gains and loses: rates of right and wrong decisions, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import COLOURS, DASHES, INK, MUTED, legend_beside, new_figure
from fnnctl.plots.text import fitted

NAME_COLUMNS = 24
DEFAULT_THRESHOLD = 0.5

Rates = Mapping[str, Sequence[float | None]]

_UPPER: Final[Mapping[str, str]] = {"precision": "precision", "recall": "recall", "f1": "F1"}
_LOWER: Final[Mapping[str, str]] = {
    "false_positive_rate": "false positive rate",
    "predicted_positive": "share predicted positive",
}
_CHOSEN: dict[str, Any] = {"color": INK, "linewidth": 1.3}
_DEFAULT: dict[str, Any] = {"color": MUTED, "linewidth": 1.1, "linestyle": DASHES[3]}


def trade_offs_figure(rates: Rates, *, positive: str, chosen: float | None, title: str) -> Figure:
    """Draw the columns of threshold.csv over the threshold: two panels of rates and, with costs, a third.

    `positive` is the class that is predicted at or above the threshold. Vertical lines mark the `chosen`
    threshold, if there is one, and 0.5. Between two thresholds, rates are those of the next one.
    """
    columns = {name: np.array(column, dtype=np.float64) for name, column in rates.items()}
    has_costs = "cost" in columns
    heights = [2.9, 1.6, *([1.4] if has_costs else [])]
    with new_figure(8.0, 1.2 + sum(heights), title, [positive]) as figure:
        panels = figure.subplots(len(heights), sharex=True, height_ratios=heights)
        name = fitted(positive, NAME_COLUMNS)
        _draw(panels[0], columns, _UPPER, chosen, title=f"decisions for\n{name}")
        _draw(panels[1], columns, _LOWER, chosen, title="")
        for axes in panels[:2]:
            axes.set(ylim=(-0.02, 1.02), yticks=np.arange(6) / 5)
        if has_costs:
            _draw(panels[2], columns, {"cost": "cost per row"}, chosen, title="")
            panels[2].set_ylim(0, 1.05 * float(np.nanmax(columns["cost"])) or 1.0)
        panels[-1].set(xlim=(-0.015, 1.015), xticks=np.arange(11) / 10)
        panels[-1].set_xlabel(f"threshold: least probability of {name} at which it is predicted")
    return figure


def _draw(
    axes: Axes,
    columns: Mapping[str, FloatArray],
    wanted: Mapping[str, str],
    chosen: float | None,
    *,
    title: str,
) -> None:
    """Draw the wanted columns with their labels; the legend has their values at the marked threshold."""
    thresholds, lines, texts = columns["threshold"], [], []
    mark = DEFAULT_THRESHOLD if chosen is None else chosen
    at = min(int(np.searchsorted(thresholds, mark)), len(thresholds) - 1)
    looks = zip(COLOURS, DASHES, strict=False)
    for (name, label), (colour, dash) in zip(wanted.items(), looks, strict=False):
        look: dict[str, Any] = {"color": colour, "linestyle": dash}
        axes.plot(thresholds, columns[name], drawstyle="steps-pre", **look)
        lines.append(Line2D([], [], **look))
        value = columns[name][at]
        texts.append(f"{label} {'–' if np.isnan(value) else f'{value:.3f}'}")
    axes.axvline(DEFAULT_THRESHOLD, **_DEFAULT)
    if chosen is not None:
        axes.axvline(chosen, **_CHOSEN)
    if title:
        lines += [Line2D([], [], **_DEFAULT)]
        texts += [f"threshold {DEFAULT_THRESHOLD}"]
        if chosen is not None:
            lines.insert(-1, Line2D([], [], **_CHOSEN))
            texts.insert(-1, f"threshold {chosen:.3g}, used here")
        title = f"{title}\nat {mark:.3g}"
    legend_beside(axes, lines, texts, title=title)
