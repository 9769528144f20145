"""The confusion matrix: counts of true and predicted classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.plots.style import FAINT, INK, MUTED, columns, count_text, drawable_text, new_figure

MAX_NUMBERED_CLASSES = 30
"""With more classes the cells are too small for numbers."""
MAX_CLASSES_WITH_ZEROS = 10
"""With more classes, zeros are omitted, because they would hide the numbers that matter."""
MAX_VISIBLE_CELLS = 350
"""With more classes the cells are too small to see."""
MAX_TICKS = 40
NAME_COLUMNS = 24
COLOUR_MAP = colormaps["Blues"]

_INCHES_PER_COLUMN = 0.078
"""The width of a character of a class name."""
_EM = 0.64
"""The width of a digit as a fraction of the font size."""


def confusion_matrix_figure(matrix: IntArray, classes: Sequence[str], *, title: str) -> Figure:
    """Draw counts (C, C): true classes in rows, predicted ones in columns; the shade is the share of the row.

    With up to 30 classes, cells show counts, and recalls are on the right. With more classes there are only
    shades, on a square-root scale, so that rare confusions are visible.
    """
    names = [drawable_text(name, NAME_COLUMNS) for name in classes]
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    has_numbers = len(names) <= MAX_NUMBERED_CLASSES
    layout = _Layout.of(names)
    with new_figure(layout.width, layout.height, title, names) as figure:
        axes = figure.subplots()
        _label_axes(axes, names, layout)
        if has_numbers:
            _draw_cells(axes, shares)
            _write_counts(axes, matrix, shares, layout.cell)
            _write_recalls(axes, shares, totals.ravel() > 0, layout.cell)
        else:
            _draw_shades(axes, shares)
    return figure


@dataclass(frozen=True, slots=True)
class _Layout:
    """The sizes of the figure and of a cell, in inches, and the angle of the names below the columns."""

    width: float
    height: float
    cell: float
    angle: int

    @classmethod
    def of(cls, names: Sequence[str]) -> _Layout:
        """Cells are as wide as the longest name if there is room."""
        count, longest = len(names), max(map(columns, names)) * _INCHES_PER_COLUMN
        cell = min(1.15, 7.0 / count, max(longest + 0.08, 0.62, 2.2 / count))
        if longest < cell:
            angle, below = 0, 0.2
        elif cell > 0.35:
            angle, below = 45, 0.75 * longest
        else:
            angle, below = 90, longest
        side = cell * count
        return cls(max(4.6, side + longest + 1.3), side + below + 0.95, cell, angle)


def _label_axes(axes: Axes, names: Sequence[str], layout: _Layout) -> None:
    step = -(-len(names) // MAX_TICKS)
    ticks = range(0, len(names), step)
    labels = [names[tick] for tick in ticks]
    size = min(8.5, 72 * 0.8 * step * layout.cell)
    slanted: dict[str, Any] = {"ha": "right", "rotation_mode": "anchor"} if layout.angle == 45 else {}
    axes.set_xticks(ticks, labels, fontsize=size, rotation=layout.angle, **slanted)
    axes.set_yticks(ticks, labels, fontsize=size)
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label")
    axes.tick_params(length=0 if step == 1 else 2.5)
    axes.spines[:].set_visible(False)
    axes.grid(False)


def _draw_shades(axes: Axes, shares: FloatArray) -> None:
    """Draw shades without numbers. If cells are too small to see, blocks show the largest share in them."""
    count = len(shares)
    block = -(-count // MAX_VISIBLE_CELLS)
    starts = np.arange(0, count, block)
    largest = np.maximum.reduceat(np.maximum.reduceat(shares, starts, axis=0), starts, axis=1)
    end = len(starts) * block - 0.5
    image = axes.imshow(largest, cmap=COLOUR_MAP, norm=PowerNorm(0.5, 0, 1), extent=(-0.5, end, end, -0.5))
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.5, aspect=24, pad=0.02)
    bar.set_ticks([0, 0.01, 0.05, 0.2, 0.5, 1], labels=["0", "1%", "5%", "20%", "50%", "100%"])
    bar.outline.set_visible(False)
    blocks = f", the largest of {block}×{block} cells" if block > 1 else ""
    axes.set_title(f"shade: share of row{blocks}", color=MUTED, fontsize=8.5)


def _draw_cells(axes: Axes, shares: FloatArray) -> None:
    """Draw shaded cells with white lines between them."""
    count = len(shares)
    axes.imshow(shares, cmap=COLOUR_MAP, vmin=0, vmax=1)
    axes.set_title("shade: share of row", color=MUTED, fontsize=8.5)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(True, which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    axes.set_axisbelow(False)


def _write_counts(axes: Axes, matrix: IntArray, shares: FloatArray, cell: float) -> None:
    """Write the count into each cell, dark on light shades and white on dark ones; zeros are faint."""
    texts = [[count_text(count) for count in row] for row in matrix.tolist()]
    widest = max(len(text) for row in texts for text in row)
    size = min(11.0, 72 * cell * 0.5, 72 * cell * 0.9 / (_EM * widest))
    is_dark = _luminance(shares) < 0.22  # at this luminance white and INK have the same contrast
    for (row, column), count in np.ndenumerate(matrix):
        if count or len(matrix) <= MAX_CLASSES_WITH_ZEROS:
            colour = FAINT if not count else "white" if is_dark[row, column] else INK
            style: dict[str, Any] = {"ha": "center", "va": "center_baseline"}
            axes.text(column, row, texts[row][column], color=colour, fontsize=size, **style)


def _write_recalls(axes: Axes, shares: FloatArray, has_rows: BoolArray, cell: float) -> None:
    """Write the recall of each class in a column to the right of the cells."""
    style: dict[str, Any] = {"textcoords": "offset points", "color": MUTED}
    axes.annotate("recall", (1, 1), xytext=(6, 6), xycoords="axes fraction", fontsize=8.5, **style)
    size = min(8.5, 72 * 0.8 * cell)
    for row, recall in enumerate(np.diagonal(shares)):
        axes.annotate(
            f"{recall:.1%}" if has_rows[row] else "no rows",
            (1, row),
            xytext=(6, 0),
            xycoords=axes.get_yaxis_transform(),
            va="center_baseline",
            fontsize=size,
            **style,
        )


def _luminance(shares: FloatArray) -> FloatArray:
    """The relative luminance of the cells (WCAG 2, with a plain power for the sRGB curve)."""
    red_green_blue = COLOUR_MAP(shares)[..., :3] ** 2.2
    luminance: FloatArray = red_green_blue @ np.array([0.2126, 0.7152, 0.0722])
    return luminance
