"""Partial dependence: the mean prediction over the values of a column, and of two columns as shades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fnnctl.arrays import FloatArray, IntArray, evenly_spaced
from fnnctl.metrics.partial_dependence import CURVE_VALUES, AxisKind, Curves, Grid, Surface
from fnnctl.plots.axes import finish_rows, padded
from fnnctl.plots.style import (
    COLOUR_MAP,
    COLOURS,
    DASHES,
    FAINT,
    INK,
    MUTED,
    SEQUENCE,
    WIDTH,
    columns,
    drawable_text,
    legend_beside,
    new_figure,
)

MAX_PANELS: Final = 12
MAX_SINGLE_ROWS: Final = 30
"""With more curves of single rows, none can be followed, and the page would be too large."""
MAX_SINGLE_POINTS: Final = 40
"""The points of such a curve."""
NAME_COLUMNS: Final = 30
TITLE_COLUMNS: Final = 60
MISSING: Final = "missing"
PANEL_HEIGHT: Final = 2.5
ROW_HEIGHT: Final = 0.23
RARE: Final = (5.0, 95.0)
"""The percentiles of single rows' predictions for which the axis has room, besides the means."""
TICKS: Final = 8
MAX_LABELLED_CELLS: Final = 5
CELLS_HEIGHT: Final = 3.3
WIDEST_BAR: Final = 0.8
"""The width of a bar as a share of its place."""

MAY_BE_YEAR: Final = 10_000
MARK: Final = 0.5
"""The height of a single row's mark as a share of its category's row."""
LONG_LABELS: Final = 40
"""Names of categories are slanted if they are longer together."""
LARGEST_SQUARE: Final = 0.6
"""The side of the square for most rows as a share of a cell's."""

_SINGLE: dict[str, Any] = {"color": FAINT, "linewidth": 0.7, "alpha": 0.7}


def curves_figure(measured: Sequence[Curves], *, value: str, title: str) -> Figure:
    """Draw a panel per column: the mean prediction over its values, and how many rows have them.

    Numbers and dates have a line, and bars below it; categories dots, and bars beside them. A missing value
    stands at the right, or last. Without classes, or with one, thin lines or marks are single rows. `value`
    is the label of the predictions, whose axes are all the same. The first 12 columns are drawn, and the
    title says how many more there are.
    """
    drawn = measured[:MAX_PANELS]
    if undrawn := len(measured) - len(drawn):
        title += f"; {undrawn:,} more in the table"
    texts = [value, *(text for curves in drawn for text in (curves.grid.column, *curves.classes))]
    texts += [text for curves in drawn if curves.grid.axis == "category" for text in curves.grid.texts]
    heights = [_height(curves) for curves in drawn]
    with new_figure(WIDTH, 0.5 + sum(heights), title, texts) as figure:
        panels = figure.subfigures(len(drawn), 1, squeeze=False, height_ratios=heights)[:, 0]
        limits = _limits(drawn)
        for panel, curves in zip(panels, drawn, strict=True):
            draw = _draw_categories if curves.grid.axis == "category" else _draw_numbers
            draw(panel, curves, drawable_text(value, 40), limits)
    return figure


def _height(curves: Curves) -> float:
    """That of a panel in inches; the classes beside it need room, too."""
    if curves.grid.axis != "category":
        return PANEL_HEIGHT
    return 0.85 + ROW_HEIGHT * max(2, len(curves.grid), len(curves.classes))


def _limits(measured: Sequence[Curves]) -> tuple[float, float]:
    means = np.concatenate([curves.means.ravel() for curves in measured])
    rows = [curves.individual.ravel() for curves in measured if _has_single_rows(curves)]
    single = np.concatenate([means[:0], *rows])
    ends = [*np.percentile(single, RARE).tolist()] if single.size else []
    return padded(min([float(means.min()), *ends]), max([float(means.max()), *ends]))


def _has_single_rows(curves: Curves) -> bool:
    return len(curves.means) == 1 and curves.individual.size > 0


def _looks(curves: Curves) -> list[dict[str, Any]]:
    return [
        {"color": COLOURS[index], "linestyle": DASHES[index % len(DASHES)]}
        for index in range(len(curves.means))
    ]


def _draw_numbers(panel: SubFigure, curves: Curves, value: str, limits: tuple[float, float]) -> None:
    """Draw lines over the values, and bars below them; a missing value is at the right."""
    above, below = panel.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    places = _Places.of(curves.grid)
    numbers, present = places.numbers, slice(len(places.numbers))
    if _has_single_rows(curves):
        single = curves.individual[0][present][:, evenly_spaced(curves.individual.shape[2], MAX_SINGLE_ROWS)]
        points = evenly_spaced(len(numbers), MAX_SINGLE_POINTS)
        lines = [np.column_stack([numbers[points], line[points]]) for line in single.T]
        above.add_collection(LineCollection(lines, **_SINGLE))
    marker = "o" if len(numbers) == 1 else None
    handles = []
    for means, look in zip(curves.means, _looks(curves), strict=True):
        handles += above.plot(numbers, means[present], linewidth=2.0, marker=marker, **look)
        hollow: dict[str, Any] = {"marker": "o", "color": look["color"], "markerfacecolor": "white"}
        above.plot(places.all[len(numbers) :], means[len(numbers) :], **hollow)
    if places.has_missing:
        top = places.all[-1], min(float(curves.means[:, -1].max()), limits[1])
        style: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "color": MUTED}
        above.annotate(MISSING, top, xytext=(0, 7), fontsize=8.5, **style)
    _add_bars(below, places.all, curves.rows, WIDEST_BAR * places.step)
    above.set_xlim(*places.limits)
    above.set_ylim(*limits)
    above.set_ylabel(value)
    above.set_title(drawable_text(curves.grid.column, TITLE_COLUMNS), color=INK)
    above.tick_params(axis="x", labelbottom=False, length=0)
    below.set_ylabel("rows")
    below.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
    below.grid(False, axis="x")
    _label_values(below, curves.grid.axis, numbers)
    _add_classes(above, handles, curves)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the values of a grid are on an axis."""

    numbers: FloatArray
    """(g,) of those that are not missing."""
    all: FloatArray
    """With that of a missing value, if there is one, at the right."""
    step: float
    """The width of a value's place."""
    limits: tuple[float, float]
    """Of the axis."""

    @classmethod
    def of(cls, grid: Grid) -> Self:
        positions = np.array(grid.positions)
        numbers = positions[~np.isnan(positions)]
        low, high = (float(numbers[0]), float(numbers[-1])) if len(numbers) else (0.0, 0.0)
        spread = high - low or 1.0
        step = max(spread / CURVE_VALUES, float(np.diff(numbers).min(initial=spread)))
        end = high + (0.5 * step if len(numbers) == len(positions) else 0.09 * spread + step)
        places = np.where(np.isnan(positions), high + 0.06 * spread + 0.5 * step, positions)
        return cls(numbers, places, step, (low - max(0.5 * step, 0.02 * spread), end + 0.02 * spread))

    @property
    def has_missing(self) -> bool:
        return len(self.all) > len(self.numbers)


def _label_values(axes: Axes, axis: AxisKind, numbers: FloatArray) -> None:
    """Set up the ticks of numbers, dates or times."""
    if axis == "date":
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
    elif axis == "time":
        axes.xaxis.set_major_locator(MaxNLocator(nbins=TICKS, steps=[1, 2, 3, 6, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(_clock))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=TICKS, integer=not (numbers % 1).any()))
        axes.xaxis.set_major_formatter(FuncFormatter(_number))
    if len(numbers) <= 1:
        axes.set_xticks(numbers)


def _number(value: float, position: object = None) -> str:
    """A number of a column; one that may be a year has no comma."""
    return f"{value:,.6g}" if abs(value) >= MAY_BE_YEAR else f"{value:.6g}"


def _clock(hours: float, position: object) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _draw_categories(panel: SubFigure, curves: Curves, value: str, limits: tuple[float, float]) -> None:
    """Draw a row per category with a dot per class, and bars beside them."""
    means_axes, rows_axes = panel.subplots(1, 2, sharey=True, width_ratios=(5, 1))
    rows = np.arange(len(curves.grid))
    if _has_single_rows(curves):
        chosen = evenly_spaced(curves.individual.shape[2], MAX_SINGLE_ROWS)
        single = curves.individual[0][:, chosen].ravel()
        middle = np.repeat(rows, len(chosen))
        gap = np.full(len(single), np.nan)
        heights = np.column_stack([middle - 0.5 * MARK, middle + 0.5 * MARK, gap])
        means_axes.plot(np.column_stack([single, single, gap]).ravel(), heights.ravel(), **_SINGLE)
    handles = [
        means_axes.plot(means, rows, marker="o", markersize=5.5, color=look["color"], linestyle="none")[0]
        for means, look in zip(curves.means, _looks(curves), strict=True)
    ]
    _add_rows(rows_axes, curves.rows)
    names = [drawable_text(text or MISSING, NAME_COLUMNS) for text in curves.grid.texts]
    finish_rows(means_axes, names, limits=(max(2, len(names)) - 0.4, -0.6))
    means_axes.set_xlim(*limits)
    means_axes.set_xlabel(value)
    means_axes.set_title(drawable_text(curves.grid.column, TITLE_COLUMNS), color=INK)
    rows_axes.tick_params(axis="y", labelleft=False, length=0)
    rows_axes.grid(False, axis="y")
    rows_axes.set_xlabel("rows")
    rows_axes.xaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
    _add_classes(rows_axes, handles, curves)


def _add_bars(axes: Axes, places: FloatArray, rows: IntArray, width: float) -> None:
    """Add a bar per value, all as one shape: a page has many of them."""
    heights = rows.astype(np.float64)
    axes.add_patch(PathPatch(_rectangles(places, 0.5 * heights, width, heights), facecolor=FAINT, lw=0.0))
    axes.set_ylim(0.0, 1.05 * float(heights.max()))


def _add_rows(axes: Axes, rows: IntArray) -> None:
    """Add a bar per category from left to right, as `_add_bars` does."""
    lengths = rows.astype(np.float64)
    bars = _rectangles(0.5 * lengths, np.arange(len(rows)), lengths, WIDEST_BAR)
    axes.add_patch(PathPatch(bars, facecolor=FAINT, lw=0.0))
    axes.set_xlim(0.0, 1.05 * float(lengths.max()))


def _rectangles(
    x: FloatArray | IntArray, y: FloatArray | IntArray, width: float | FloatArray, height: float | FloatArray
) -> Path:
    """Rectangles around n places, (n,), as one shape."""
    sizes = np.empty((len(x), 1, 2))
    sizes[:, 0, 0], sizes[:, 0, 1] = width, height
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    return Path.make_compound_path_from_polys(np.column_stack([x, y])[:, None] + corners * sizes)


def _add_classes(axes: Axes, handles: Sequence[Line2D], curves: Curves) -> None:
    """Add a legend if there are several classes."""
    if len(curves.classes) < 2:
        return
    names = [drawable_text(name, NAME_COLUMNS // 2) for name in curves.classes]
    legend_beside(axes, handles, names, title="class")


def surfaces_figure(surfaces: Sequence[Surface], *, value: str, title: str) -> Figure:
    """Draw a panel per pair of columns and class: a cell's shade is the mean prediction.

    The cells are the columns' values, the first column's from left to right. A square in a cell has an area
    that is proportional to the rows with such values. `value` is the label of the predictions.
    """
    texts = [value, *(name for surface in surfaces for name in surface.classes)]
    texts += [text for surface in surfaces for grid in surface.grids for text in (grid.column, *grid.texts)]
    heights = [(CELLS_HEIGHT + _below(surface)) * -(-len(surface.means) // 2) for surface in surfaces]
    with new_figure(WIDTH, 0.5 + sum(heights), title, texts) as figure:
        panels = figure.subfigures(len(surfaces), 1, squeeze=False, height_ratios=heights)[:, 0]
        for panel, surface in zip(panels, surfaces, strict=True):
            _draw_surface(panel, surface, drawable_text(value, 40))
    return figure


def _below(surface: Surface) -> float:
    """The height of slanted names below the cells."""
    first = surface.grids[0]
    return 0.06 * min(NAME_COLUMNS, max(map(columns, first.texts))) if first.axis == "category" else 0.1


def _draw_surface(panel: SubFigure, surface: Surface, value: str) -> None:
    count, (first, second) = len(surface.means), surface.grids
    axes = panel.subplots(-(-count // 2), min(count, 2), squeeze=False).ravel()
    low, high = float(surface.means.min()), float(surface.means.max())
    norm = Normalize(*((low, high) if low < high else padded(low, high)))
    labels = _labels(first)
    is_long = first.axis == "category" and sum(map(columns, labels[1])) > LONG_LABELS
    slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if is_long else {}
    for cells, means, name in zip(axes, surface.means, surface.classes or ("",), strict=False):
        _draw_cells(cells, norm(means), surface.rows)
        cells.set_xticks(*labels, **slanted)
        cells.set_yticks(*_labels(second))
        cells.set(xlim=(-0.5, len(first) - 0.5), ylim=(-0.5, len(second) - 0.5))
        cells.set_xlabel(drawable_text(first.column, NAME_COLUMNS))
        cells.set_ylabel(drawable_text(second.column, NAME_COLUMNS))
        cells.set_title(drawable_text(name, NAME_COLUMNS))
    for empty in axes[count:]:
        empty.set_axis_off()
    bar = panel.colorbar(ScalarMappable(norm, COLOUR_MAP), ax=list(axes), aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(value)


def _draw_cells(axes: Axes, shades: FloatArray, rows: IntArray) -> None:
    """Draw cells with shades (g, h) from 0 to 1, a shape per colour, and squares for their rows (g, h)."""
    levels = np.minimum(shades * len(SEQUENCE), len(SEQUENCE) - 1).astype(np.intp)
    for level in np.unique(levels).tolist():
        i, j = np.nonzero(levels == level)
        cells = _rectangles(i, j, 1.0, 1.0)
        colour = SEQUENCE[level]  # without edges, the paper would shine through between cells
        axes.add_patch(PathPatch(cells, facecolor=colour, edgecolor=colour, lw=0.3))
    i, j = np.nonzero(rows)
    sides = LARGEST_SQUARE * np.sqrt(rows[i, j] / rows.max())
    axes.add_patch(PathPatch(_rectangles(i, j, sides, sides), facecolor="white", edgecolor=INK, lw=0.4))
    axes.grid(False)
    axes.tick_params(length=2.5)


def _labels(grid: Grid) -> tuple[IntArray, list[str]]:
    """The cells that have a label, and the labels: all categories, some of other values."""
    count = len(grid)
    chosen = np.arange(count) if grid.axis == "category" else evenly_spaced(count, MAX_LABELLED_CELLS)
    return chosen, [drawable_text(_text(grid, index), NAME_COLUMNS // 2) for index in chosen.tolist()]


def _text(grid: Grid, index: int) -> str:
    text = grid.texts[index]
    return _number(grid.positions[index]) if text and grid.axis == "number" else text or MISSING
