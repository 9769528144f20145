"""The picture: mean scores over mean seconds of a processor, a point per contender, for each kind of task."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.accuracy.contenders import DEFAULT, RECIPES
from tests.benchmarks.accuracy.report import KINDS, Contest, Folds, table_means

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tests.benchmarks.accuracy.results import Result

NAMES = {
    "sklearn": "scikit-learn's MLP",
    "boosting": "HistGradientBoosting",
    "catboost": "CatBoost",
    "lightgbm": "LightGBM",
    "xgboost": "XGBoost",
    "realmlp_td_s": "RealMLP-TD-S",
    "realmlp_td": "RealMLP-TD",
    "tabm_d": "TabM-D",
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


def draw(results: Sequence[Result], limit: float, file: Path) -> None:
    """Write a PNG with a panel per kind of task.

    A contender that lacks tables which `default` has is a circle, and stands where its difference from
    `default` and its ratio of seconds, both on its tables, put it.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    contests = {
        kind: contest for kind in KINDS if DEFAULT in (contest := Contest.of(results, limit, kind)).results
    }
    figure = Figure(figsize=(4.8 * len(contests), 3.8), layout="constrained")
    panels = figure.subplots(1, len(contests), squeeze=False)[0]
    for axes, (kind, contest) in zip(panels, contests.items(), strict=True):
        metric = contest.metrics[0]
        scores = {name: contest.folds(name, metric) for name in contest.names}
        first = scores[DEFAULT]
        points = {
            name: point(first, folds, contest.fit_seconds(DEFAULT), contest.fit_seconds(name))
            for name, folds in scores.items()
            if first.keys() & folds.keys() and contest.fit_seconds(name)
        }
        for name, spot in points.items():
            complete = first.keys() <= scores[name].keys()
            axes.plot(*spot, "o", color=_color(name), fillstyle="full" if complete else "none")
        axes.set_xscale("log")
        axes.margins(0.22, 0.12)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("processor seconds per fit (logarithmic)")
        axes.set_ylabel(f"mean {metric.name}")
        axes.set_title(f"{kind}, {len(table_means(first))} tables", fontsize=10)
        axes.grid(alpha=0.3)
        figure.draw_without_rendering()
        _label(axes, points)
    figure.savefig(file, dpi=100)


def point(first: Folds, folds: Folds, first_seconds: Folds, seconds: Folds) -> tuple[float, float]:
    """Seconds and score of a contender; those on folds that it lacks are estimated from the first one's."""
    common = sorted(first.keys() & folds.keys() & first_seconds.keys() & seconds.keys())
    ratio = sum(seconds[fold] for fold in common) / sum(first_seconds[fold] for fold in common)
    difference = statistics.fmean(folds[fold] - first[fold] for fold in common)
    return (
        ratio * statistics.fmean(first_seconds.values()),
        difference + statistics.fmean(first.values()),
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
