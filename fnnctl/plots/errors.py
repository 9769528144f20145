"""How the errors of several targets hang together: their correlations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import INK, drawable_names, new_figure

MAX_NUMBERED = 15
"""With more targets the cells are too small for numbers."""
NAME_COLUMNS = 20
DARK = 0.6
"""From this correlation on, numbers are white."""


def errors_figure(correlations: FloatArray, targets: Sequence[str], *, title: str) -> Figure:
    """Draw the correlations (T, T) of the errors of T targets, NaN where unknown, from −1 to 1."""
    names = drawable_names(targets, NAME_COLUMNS)
    side = 2.2 + min(0.75 * len(names), 7.0)
    with new_figure(side + 1.0, side, title, names) as figure:
        axes = figure.subplots()
        image = axes.imshow(correlations, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
        positions = range(len(names))
        axes.set_xticks(positions, names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(positions, names)
        axes.grid(visible=False)
        figure.colorbar(image, ax=axes, label="correlation of the errors")
        if len(names) <= MAX_NUMBERED:
            for (row, column), value in np.ndenumerate(correlations):
                colour = "white" if abs(value) >= DARK else INK
                text = f"{value:.2f}" if np.isfinite(value) else "–"
                axes.text(column, row, text, ha="center", va="center", color=colour)
    return figure
