"""ROC and precision-recall curves: how well each class is separated from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from fnnctl.arrays import FloatArray
from fnnctl.plots.style import (
    COLOURS,
    DASHES,
    FAINT,
    INK,
    MUTED,
    columns,
    drawable_text,
    legend_beside,
    new_figure,
)

MAX_NAMED_CLASSES = 10
"""With more classes only the averages and the worst classes are named."""
WORST_CLASSES = 5
ENLARGED_FROM = 0.95
"""If every area is at least this, an inset enlarges the corner with the curves."""
NAME_COLUMNS = 26

_AVERAGES: dict[str, dict[str, Any]] = {
    "macro": {"color": INK, "linewidth": 2.2, "zorder": 4},
    "micro": {"color": MUTED, "linewidth": 2.2, "linestyle": (0, (3.2, 1.2)), "zorder": 3},
}
_GUESSING: dict[str, Any] = {"color": FAINT, "linewidth": 1.0, "linestyle": DASHES[3], "zorder": 1}
_OTHERS: dict[str, Any] = {"color": FAINT, "linewidth": 0.8, "zorder": 1.5}


@dataclass(frozen=True, slots=True)
class PlottedCurve:
    """A curve of one class, or an average over all classes (`label` is then empty)."""

    kind: Literal["class", "micro", "macro"]
    label: str
    x: FloatArray
    y: FloatArray
    area: float | None


@dataclass(frozen=True, slots=True)
class _Guessing:
    """The line of a classifier that guesses, from x = 0 to x = 1."""

    name: str
    ends: tuple[float, float]
    area: float


@dataclass(frozen=True, slots=True)
class _Plane:
    """The differences between the ROC plane and the precision-recall plane."""

    x: str
    y: str
    area: str
    best_x: float
    """The x of a perfect curve's corner; its y is 1."""
    inset: tuple[float, float]
    """The position of the inset, away from good curves."""


_ROC = _Plane("false positive rate", "true positive rate", "AUC", 0.0, (0.58, 0.08))
_PR = _Plane("recall", "precision", "average precision", 1.0, (0.14, 0.08))


def roc_figure(curves: Sequence[PlottedCurve], *, title: str) -> Figure:
    """Draw true positive rate over false positive rate; the legend shows the AUC of each curve.

    With more than ten classes, only the averages and the five worst classes have names and colours.
    """
    return _figure(_ROC, curves, title, _Guessing("chance", (0.0, 1.0), 0.5))


def pr_figure(curves: Sequence[PlottedCurve], *, title: str, prevalence: float | None = None) -> Figure:
    """Draw precision over recall; the legend shows the average precision of each curve.

    Points are joined by steps, as in the sum for average precision, not by straight lines. With more than ten
    classes, only the averages and the five worst classes have names and colours. `prevalence` is the share of
    rows in the class of a single curve, which is the precision of guessing.
    """
    guessing = None if prevalence is None else _Guessing("prevalence", (prevalence,) * 2, prevalence)
    return _figure(_PR, [_stepped(curve) for curve in curves], title, guessing)


def _figure(plane: _Plane, curves: Sequence[PlottedCurve], title: str, guessing: _Guessing | None) -> Figure:
    named, unnamed = _divided(curves)
    names = [_name(curve) for curve in named]
    width = 6.0 + max(map(columns, [*names, "or more: 00 others"])) * 0.075
    with new_figure(width, 5.4, title, names) as figure:
        axes = figure.subplots()
        areas = [curve.area for curve in named]
        entries = list(zip(_draw(axes, named, unnamed), areas, names, strict=True))
        if unnamed:
            entries.append((Line2D([], [], **_OTHERS), unnamed[0].area, f"or more: {len(unnamed)} others"))
        if guessing:
            line = axes.add_line(Line2D([0, 1], guessing.ends, **_GUESSING))
            entries.append((line, guessing.area, guessing.name))
        worst = min(map(_area, curves), default=1.0)
        if ENLARGED_FROM <= worst < 1.0:
            _draw(_enlarged_corner(axes, plane, worst), named, unnamed)
        _label_axes(axes, plane)
        _add_key(axes, plane, entries)
    return figure


def _divided(curves: Sequence[PlottedCurve]) -> tuple[list[PlottedCurve], list[PlottedCurve]]:
    """The curves named in the legend, averages first, and the other curves by increasing area."""
    averages = [curve for kind in ("macro", "micro") for curve in curves if curve.kind == kind]
    class_curves = [curve for curve in curves if curve.kind == "class"]
    if len(class_curves) <= MAX_NAMED_CLASSES:
        return averages + class_curves, []
    class_curves.sort(key=_area)
    return averages + class_curves[:WORST_CLASSES], class_curves[WORST_CLASSES:]


def _draw(axes: Axes, named: Sequence[PlottedCurve], unnamed: Sequence[PlottedCurve]) -> list[Line2D]:
    """Draw all curves; return the lines of the named ones."""
    points = [np.column_stack([curve.x, curve.y]) for curve in unnamed]
    axes.add_collection(LineCollection(points, alpha=min(1.0, max(0.15, 60 / (len(unnamed) + 1))), **_OTHERS))
    looks = ({"color": colour, "linestyle": dash} for colour, dash in zip(cycle(COLOURS), cycle(DASHES)))
    return [
        axes.add_line(Line2D(curve.x, curve.y, **(_AVERAGES.get(curve.kind) or next(looks))))
        for curve in named
    ]


def _enlarged_corner(axes: Axes, plane: _Plane, worst: float) -> Axes:
    """Add inset axes for the corner of good curves, sized for the worst area: a notch of side s costs s²."""
    side = next((side for side in (0.02, 0.05, 0.1) if side > 1.5 * math.sqrt(1 - worst)), 0.2)
    left, bottom, margin = plane.best_x * (1 - side), 1 - side, 0.02 * side
    inset = axes.inset_axes((*plane.inset, 0.38, 0.38))
    inset.set(xlim=(left - margin, left + side + margin), ylim=(bottom - margin, 1 + margin))
    inset.set(xticks=left + side * np.arange(3) / 2, yticks=bottom + side * np.arange(3) / 2)
    inset.tick_params(labelsize=7.5, length=2)
    inset.set_title("enlarged", fontsize=7.5, color=MUTED, pad=3)
    axes.add_patch(Rectangle((left, bottom), side, side, fill=False, edgecolor=FAINT, linewidth=0.8))
    return inset


def _label_axes(axes: Axes, plane: _Plane) -> None:
    axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), xlabel=plane.x, ylabel=plane.y)
    axes.set(xticks=np.arange(6) / 5, yticks=np.arange(6) / 5)
    axes.set_aspect("equal", anchor="NW")


def _stepped(curve: PlottedCurve) -> PlottedCurve:
    """The steps that average precision sums: each recall's best precision, down to the next lower recall."""
    is_best = np.append(curve.x[1:] != curve.x[:-1], False)
    corners = np.append(curve.x[is_best], 0.0)
    return replace(curve, x=np.repeat(corners, 2)[1:-1], y=np.repeat(curve.y[is_best], 2))


def _area(curve: PlottedCurve) -> float:
    """The area to sort by; a curve without one comes last."""
    return 1.0 if curve.area is None else curve.area


def _name(curve: PlottedCurve) -> str:
    """The name of the curve in the legend."""
    if curve.kind == "class":
        return drawable_text(curve.label, NAME_COLUMNS)
    return f"{curve.kind} average"


def _add_key(axes: Axes, plane: _Plane, entries: Sequence[tuple[Line2D, float | None, str]]) -> None:
    """Add a legend on the right; areas have three decimals, or four if one would be rounded to 1.000."""
    decimals = 4 if any(area is not None and 0.9995 <= area < 1 for _, area, _ in entries) else 3
    texts = []
    for _, area, name in entries:
        number = "–".ljust(decimals + 2, "\u2007") if area is None else f"{area:.{decimals}f}"
        # The left-to-right mark keeps the number first even if the name is in a right-to-left script.
        texts.append(f"\u200e{number}  {name}")
    legend_beside(axes, [line for line, _, _ in entries], texts, title=plane.area)
