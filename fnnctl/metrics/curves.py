"""ROC and precision-recall curves: one class against the rest, and their averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.ranking import RankedPart, Ranking, average_precision, roc_auc


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in scikit-learn's order; the area is the ROC AUC or the average precision."""

    kind: Literal["class", "micro", "macro"]
    label: str
    """The class's name; empty for an average."""
    x: FloatArray
    y: FloatArray
    thresholds: FloatArray
    """One per point: infinite for the point above all scores, NaN for a macro average, which has none."""
    area: float


def roc_curves(ranked: RankedPart, classes: Sequence[str]) -> list[Curve]:
    """ROC curves of C classes with these names: false positive rate (x) and true positive rate (y), both
    rising.

    First comes each class that has some, but not all, of the rows, with the points of scikit-learn's
    `roc_curve`. Then comes the micro average, over all (row, class) pairs. Last comes the macro average, the
    mean of the class curves at each false positive rate at which one of them bends. It rises vertically
    wherever they do, so its area is the mean of their areas.
    """
    return _curves(ranked, classes, area_of=roc_auc, points_of=_roc_curve, mean_of=_mean_of_lines)


def pr_curves(ranked: RankedPart, classes: Sequence[str]) -> list[Curve]:
    """Precision-recall curves of C classes with these names: recall (x), falling, and precision (y).

    First comes each class that has rows, with the points of scikit-learn's `precision_recall_curve(…,
    drop_intermediate=True)`, then the micro average, as for ROC, then the macro average. Precision must not
    be interpolated linearly between two points (Davis & Goadrich, ICML 2006). So curves are step functions,
    as in the sum of average precision: at recall r they have the precision of the highest threshold that
    reaches r. The macro average is the mean of these steps; its area is the mean average precision.
    """
    return _curves(ranked, classes, area_of=average_precision, points_of=_pr_curve, mean_of=_mean_of_steps)


def mean_roc_curves(repeats: Sequence[Sequence[Curve]]) -> list[Curve]:
    """The mean curve over several repeats, for each kind and class, computed like the macro average.

    If a repeat lacks a curve, the mean is over the others; areas are means of areas.
    """
    return _mean_curves(repeats, _mean_of_lines)


def mean_pr_curves(repeats: Sequence[Sequence[Curve]]) -> list[Curve]:
    """The mean precision-recall curve over several repeats, for each kind and class.

    See `mean_roc_curves`.
    """
    return _mean_curves(repeats, _mean_of_steps)


_Points = tuple[FloatArray, FloatArray, FloatArray]


def _curves(
    ranked: RankedPart,
    classes: Sequence[str],
    *,
    area_of: Callable[[Ranking], float | None],
    points_of: Callable[[Ranking], _Points],
    mean_of: Callable[[Sequence[Curve]], _Points],
) -> list[Curve]:
    curves: list[Curve] = []
    for name, ranking in zip(classes, ranked.classes, strict=True):
        if (area := area_of(ranking)) is not None:
            curves.append(Curve("class", name, *points_of(ranking), area))
    averages: list[Curve] = []
    if (area := area_of(ranked.pooled)) is not None:
        averages.append(Curve("micro", "", *points_of(ranked.pooled), area))
    if curves:
        mean_area = math.fsum(curve.area for curve in curves) / len(curves)
        averages.append(Curve("macro", "", *mean_of(curves), mean_area))
    return curves + averages


def _mean_curves(
    repeats: Sequence[Sequence[Curve]], mean_of: Callable[[Sequence[Curve]], _Points]
) -> list[Curve]:
    alike: dict[tuple[Literal["class", "micro", "macro"], str], list[Curve]] = {}
    for curve in (curve for curves in repeats for curve in curves):
        alike.setdefault((curve.kind, curve.label), []).append(curve)
    return [
        curves[0]
        if len(curves) == 1
        else Curve(kind, label, *mean_of(curves), math.fsum(curve.area for curve in curves) / len(curves))
        for (kind, label), curves in alike.items()
    ]


def _roc_curve(ranking: Ranking) -> _Points:
    false, true = ranking.false_positives, ranking.true_positives
    # The ranking has dropped points on straight lines through negatives; those through positives remain.
    rise, run = np.diff(true), np.diff(false)
    is_straight = (rise[:-1] > 0) & (rise[1:] == rise[:-1]) & (run[1:] == run[:-1])
    corners = _with_ends(~is_straight, len(true))
    return (
        np.append(0, false[corners]) / ranking.negatives,
        np.append(0, true[corners]) / ranking.positives,
        np.append(np.inf, ranking.thresholds[corners]),
    )


def _pr_curve(ranking: Ranking) -> _Points:
    gains = np.diff(ranking.true_positives) != 0
    corners = _with_ends(gains[:-1] | gains[1:], len(ranking.true_positives))[::-1]
    false, true = ranking.false_positives[corners], ranking.true_positives[corners]
    return (
        np.append(true / ranking.positives, 0.0),
        np.append(true / (true + false), 1.0),
        np.append(ranking.thresholds[corners], np.inf),
    )


def _with_ends(inner_is_kept: BoolArray, points: int) -> IntArray:
    """The indices of the points to keep: the first, the last, and the chosen ones between them."""
    mask = np.ones(points, dtype=np.bool_)
    mask[1:-1] = inner_is_kept
    return np.flatnonzero(mask)


def _mean_of_lines(curves: Sequence[Curve]) -> _Points:
    """The mean of piecewise linear curves with rising x, which may rise vertically."""
    grid = np.unique(np.concatenate([curve.x for curve in curves]))
    # Of several points at one x, np.interp uses the last: the top of a rise or, mirrored, its foot.
    tops = sum(np.interp(grid, curve.x, curve.y) for curve in curves) / len(curves)
    feet = sum(np.interp(-grid, -curve.x[::-1], curve.y[::-1]) for curve in curves) / len(curves)
    x, y = np.repeat(grid, 2), np.column_stack([feet, tops]).ravel()
    is_new = np.append(True, (np.diff(x) != 0) | (np.diff(y) != 0))
    return x[is_new], y[is_new], np.full(np.count_nonzero(is_new), np.nan)


def _mean_of_steps(curves: Sequence[Curve]) -> _Points:
    """The mean of step functions with falling x, from 1 to 0."""
    grid = np.unique(np.concatenate([curve.x for curve in curves]))[1:]
    mean = np.zeros(len(grid))
    for curve in curves:
        x, y = curve.x[::-1], curve.y[::-1]
        mean += y[np.searchsorted(x, grid)]
    points = len(grid) + 1
    return np.append(grid[::-1], 0.0), np.append(mean[::-1] / len(curves), 1.0), np.full(points, np.nan)
