"""The picture: mean scores over mean seconds of a processor, a point per contender, for each kind of task."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.recipe.measurements import Measured
from tests.benchmarks.recipe.parts import RECIPES
from tests.benchmarks.recipe.peers import (
    BOOSTING,
    CATBOOST,
    LIGHTGBM,
    REALMLP,
    REALMLP_S,
    SKLEARN,
    TABM,
    XGBOOST,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    SKLEARN: "scikit-learn's MLP",
    BOOSTING: "HistGradientBoosting",
    CATBOOST: "CatBoost",
    LIGHTGBM: "LightGBM",
    XGBOOST: "XGBoost",
    REALMLP_S: "RealMLP-TD-S",
    REALMLP: "RealMLP-TD",
    TABM: "TabM-D",
}


LABELS: Sequence[Mapping[str, Any]] = (
    {"xytext": (0, 5), "ha": "center", "va": "bottom"},
    {"xytext": (0, -5), "ha": "center", "va": "top"},
    {"xytext": (7, 0), "ha": "left", "va": "center"},
    {"xytext": (-7, 0), "ha": "right", "va": "center"},
    {"xytext": (-3, 4), "ha": "right", "va": "bottom"},
    {"xytext": (-3, -4), "ha": "right", "va": "top"},
)
"""Where a label may stand beside its point."""


def draw(measured: Sequence[Measured], contenders: Sequence[str], file: Path) -> None:
    """Write a PNG with a panel per kind of task.

    The first contender was measured on all tables. One that was not is a circle, and stands where its
    difference from the first one and its ratio of seconds, both on its tables, put it.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    kinds = sorted({table.is_classification for table in measured}, reverse=True)
    figure = Figure(figsize=(4.8 * len(kinds), 3.8), layout="constrained")
    for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        tables = [table for table in measured if table.is_classification is kind]
        points = {
            name: point(tables, contenders[0], name)
            for name in contenders
            if any(table.has(name) for table in tables)
        }
        for name, (seconds, score) in points.items():
            complete = all(table.has(name) for table in tables)
            axes.plot(seconds, score, "o", color=_color(name), fillstyle="full" if complete else "none")
        axes.set_xscale("log")
        axes.margins(0.22, 0.12)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("processor seconds per fit (logarithmic)")
        axes.set_ylabel("mean accuracy" if kind else "mean R²")
        count = f"{len(tables)} {'table' if len(tables) == 1 else 'tables'}"
        axes.set_title(f"{count} with {'classes' if kind else 'numeric targets'}", fontsize=10)
        axes.grid(alpha=0.3)
        figure.draw_without_rendering()
        _label(axes, points)
    figure.savefig(file, dpi=100)


def point(tables: Sequence[Measured], first: str, name: str) -> tuple[float, float]:
    """Seconds and score of a contender on all tables; those on tables without it are estimated."""
    common = [table for table in tables if table.has(name)]
    seconds, score = (
        {who: statistics.fmean(value(table, who) for table in common) for who in (first, name)}
        for value in (Measured.seconds_per_fit, Measured.score)
    )
    return (
        seconds[name] / seconds[first] * statistics.fmean(table.seconds_per_fit(first) for table in tables),
        score[name] - score[first] + statistics.fmean(table.score(first) for table in tables),
    )


def _label(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    """Name the points, so that no name covers another, a point or the frame, if there is room."""
    from matplotlib.transforms import Bbox

    taken = [Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in axes.transData.transform(list(points.values()))]
    for name, spot in points.items():
        text, color = NAMES.get(name, name), _color(name)
        labels = [
            axes.annotate(text, spot, textcoords="offset points", color=color, fontsize=8, **position)
            for position in LABELS
        ]
        extents = [label.get_window_extent() for label in labels]
        covered = [
            extent.count_overlaps(taken) + (extent.x0 < axes.bbox.x0) + (extent.x1 > axes.bbox.x1)
            for extent in extents
        ]
        best = covered.index(min(covered))
        taken.append(extents[best])
        for label in labels[:best] + labels[best + 1 :]:
            label.remove()


def _color(name: str) -> str:
    return "tab:blue" if name in RECIPES else "0.35"
