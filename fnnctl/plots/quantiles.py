"""Predicted quantiles, in the order of the predictions, and the targets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fnnctl.metrics.rows import ErrorRows, Quantiles
from fnnctl.plots.estimates import axis_range, has_long_tail
from fnnctl.plots.style import COLOURS, INK, drawable_text, legend_above, new_figure

MOST_ROWS: Final = 400
"""Of more rows, so many are drawn, evenly spaced in their order."""
NAME_COLUMNS: Final = 40
BAND_ALPHA: Final = 0.22
"""Of each band; inner bands lie on outer ones, and are darker."""
_TARGETS: Final[dict[str, Any]] = {
    "marker": "o",
    "linestyle": "",
    "color": COLOURS[1],
    "markeredgewidth": 0,
    "markersize": 3.6,
    "alpha": 0.75,
}


def quantiles_figure(rows: ErrorRows, quantiles: Quantiles, *, target: str, title: str) -> Figure:
    """Draw a band between the lowest and the highest quantile of each row, the next ones, and so on.

    The rows are in the order of their predictions, which are a line; targets of the column `target` are dots.
    """
    order = np.argsort(rows.estimates, kind="stable")
    if len(order) > MOST_ROWS:
        order = order[np.linspace(0, len(order) - 1, MOST_ROWS).round().astype(np.intp)]
    shown, values = rows.of_rows(order), quantiles.values[order]
    everything = np.concatenate([shown.targets, values.ravel()])
    scale = "log" if has_long_tail(everything) else "linear"
    low, high = axis_range(everything, scale)
    with new_figure(8.0, 5.2, title, [target]) as figure:
        axes = figure.subplots()
        axes.set(yscale=scale)
        places = np.arange(1, len(order) + 1)
        handles: dict[str, Any] = {}
        for below in range(len(quantiles.levels) // 2):
            above = len(quantiles.levels) - 1 - below
            axes.fill_between(
                places, values[:, below], values[:, above], color=COLOURS[0], alpha=BAND_ALPHA, linewidth=0
            )
            name = f"{quantiles.levels[below]:g} to {quantiles.levels[above]:g}"
            handles[name] = Patch(color=COLOURS[0], alpha=min(1.0, BAND_ALPHA * (below + 1)))
        axes.plot(places, shown.estimates, color=INK, linewidth=1.2)
        handles["prediction"] = Line2D([], [], color=INK, linewidth=1.2)
        axes.plot(places, shown.targets, **_TARGETS)
        outside = int(np.count_nonzero((shown.targets < low) | (shown.targets > high)))
        hidden = f", {outside:,} not shown" if outside else ""
        handles[f"actual values{hidden}"] = Line2D([], [], **_TARGETS)
        axes.set(xlim=(0.5, len(order) + 0.5), ylim=(low, high))
        of_all = f" of {len(rows.targets):,}" if len(order) < len(rows.targets) else ""
        axes.set(xlabel=f"{len(order):,}{of_all} rows in the order of the prediction")
        axes.set(ylabel=drawable_text(target, NAME_COLUMNS))
        legend_above(axes, handles)
    return figure
