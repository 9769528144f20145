"""The files of a classification run: predictions, confusion matrix, curves, calibration, thresholds.

They are written and read here. A missing file is read as None; a damaged one raises `DataError`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import csv_lines, wide_csv_lines
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.metrics.curves import Curve
    from fnnctl.metrics.decisions import TradeOffs
    from fnnctl.tasks.task import Artifact


ROC_COLUMNS = ("kind", "class", "false_positive_rate", "true_positive_rate", "threshold")
PR_COLUMNS = ("kind", "class", "recall", "precision", "threshold")
CALIBRATION_COLUMNS = ("low", "high", "rows", "confidence", "accuracy", "accuracy_low", "accuracy_high")
POSITIVE_CALIBRATION_COLUMNS = (
    "low", "high", "rows", "probability", "frequency", "frequency_low", "frequency_high",
)  # fmt: skip
"""With two classes: the mean probability of the positive one, and its share of the rows."""
TRADE_OFF_COLUMNS = (
    "threshold", "precision", "recall", "f1", "false_positive_rate", "predicted_positive", "cost",
)  # fmt: skip
"""The last one only if there are costs."""
PREDICTION_COLUMNS = ("row", "label", "prediction")
MAX_POINTS: Final = 2**11
"""A stored curve has at most so many points, which is more than a figure shows.

All of them, one per row of a large test part, took a twentieth of the time of a training with `fast`, and
four fifths of the run folder.
"""


def predictions(
    classes: Sequence[str],
    blocks: Iterable[tuple[Iterable[Sequence[object]], FloatArray]],
    *,
    columns: Sequence[str] = PREDICTION_COLUMNS,
) -> Artifact:
    """predictions.csv from blocks of n rows: the leading columns, and the probabilities, (n, C)."""
    return names.PREDICTIONS, wide_csv_lines((*columns, *(f"p_{name}" for name in classes)), blocks)


def confusion(classes: Sequence[str], matrix: IntArray) -> Artifact:
    """confusion_matrix.csv from the counts (C, C), one row per true class."""
    rows = ([name, *counts] for name, counts in zip(classes, matrix.tolist(), strict=True))
    return names.CONFUSION_MATRIX, csv_lines(("label", *classes), rows)


def curves(roc: Sequence[Curve], pr: Sequence[Curve]) -> Iterable[Artifact]:
    """The points of the ROC curves and of the precision-recall curves."""
    yield names.ROC_CURVE, csv_lines(ROC_COLUMNS, _curve_rows(roc))
    yield names.PR_CURVE, csv_lines(PR_COLUMNS, _curve_rows(pr))


def calibration(bins: Iterable[Sequence[object]], *, positive_only: bool) -> Artifact:
    """calibration.csv, one row per bin, from `diagram_bins`."""
    columns = POSITIVE_CALIBRATION_COLUMNS if positive_only else CALIBRATION_COLUMNS
    return names.CALIBRATION, csv_lines(columns, bins)


def trade_offs(table: TradeOffs) -> Artifact:
    """threshold.csv, one row per threshold; a rate that does not exist is empty."""
    arrays = [
        table.thresholds,
        table.precision,
        table.recall,
        table.f1,
        table.false_positive_rate,
        table.predicted_positive,
        *([] if table.cost is None else [table.cost]),
    ]
    columns = [[None if math.isnan(value) else value for value in array.tolist()] for array in arrays]
    return names.THRESHOLD, csv_lines(TRADE_OFF_COLUMNS[: len(columns)], zip(*columns, strict=True))


def _curve_rows(points: Iterable[Curve]) -> Iterable[Sequence[object]]:
    """The points of each curve, or those of a long one that are stored."""
    for curve in points:
        kept = _stored_points(curve.x, curve.y)
        columns = (curve.x[kept].tolist(), curve.y[kept].tolist(), curve.thresholds[kept].tolist())
        for x, y, threshold in zip(*columns, strict=True):
            yield (curve.kind, curve.label, x, y, None if math.isnan(threshold) else threshold)


def _stored_points(x: FloatArray, y: FloatArray) -> IntArray:
    """The indices of at most `MAX_POINTS` points of a curve: evenly spaced along it, with its ends.

    Not one per so many rows: most of the curve of a rare class is made by the few rows with high scores.
    """
    if len(x) <= MAX_POINTS:
        return np.arange(len(x))
    lengths = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    return np.unique(np.searchsorted(lengths, np.linspace(0.0, lengths[-1], MAX_POINTS)))


CurveKind = Literal["class", "micro", "macro"]


@dataclass(frozen=True, slots=True)
class StoredCurve:
    """A ROC or precision-recall curve; see `metrics.curves.Curve`."""

    kind: CurveKind
    label: str
    x: FloatArray
    y: FloatArray


def read_confusion_matrix(run: RunFolder) -> tuple[tuple[str, ...], IntArray] | None:
    """The classes and the counts (C, C): one row per true class, one column per predicted class."""
    table = run.read_table(names.CONFUSION_MATRIX)
    if table is None:
        return None
    try:
        matrix = np.array([[int(count) for count in row[1:]] for row in table.rows], dtype=np.intp)
    except (ValueError, OverflowError) as error:
        raise damaged(table.path, f"is damaged: {error}") from error
    classes = table.columns[1:]
    if not classes or tuple(table.column(0)) != classes:
        raise damaged(table.path, "is damaged: its rows and columns have different classes")
    return classes, matrix


def read_curves(run: RunFolder, name: str) -> list[StoredCurve] | None:
    """The curves of `names.ROC_CURVE` or `names.PR_CURVE`.

    They are read point by point: versions before 0.9 stored one per row, which may be hundreds of thousands.
    """
    path, rows = run.path / name, run.read_rows(name)
    if rows is None:
        return None
    if len(next(rows)) != len(ROC_COLUMNS):
        raise damaged(path, f"is damaged: {len(ROC_COLUMNS)} columns were expected")
    points: dict[tuple[str, str], tuple[array[float], array[float]]] = {}
    for kind, label, x, y, _ in rows:
        if kind not in get_args(CurveKind):
            raise damaged(path, f"is damaged: {quoted(kind)} is not a kind of curve")
        curve = points.setdefault((kind, label), (array("d"), array("d")))
        try:
            curve[0].append(float(x))
            curve[1].append(float(y))
        except ValueError as error:
            raise damaged(path, f"is damaged: {error}") from error
    return [
        StoredCurve(cast("CurveKind", kind), label, np.array(x), np.array(y))
        for (kind, label), (x, y) in points.items()
    ]


def read_calibration(run: RunFolder) -> dict[str, list[float | None]] | None:
    """The columns of the calibration bins, one value per bin; all but the first three may contain None.

    Runs of two classes that were written before 0.2.0 have the columns of more classes.
    """
    columns, path = run.read_columns(names.CALIBRATION), run.path / names.CALIBRATION
    if columns is None:
        return None
    if tuple(columns) not in {CALIBRATION_COLUMNS, POSITIVE_CALIBRATION_COLUMNS}:
        raise damaged(path, f"is damaged: its columns are not {', '.join(CALIBRATION_COLUMNS)}")
    if any(None in columns[name] for name in CALIBRATION_COLUMNS[:3]):
        raise damaged(path, "is damaged: a bin has no edges or no number of rows")
    return columns


def read_trade_offs(run: RunFolder) -> dict[str, list[float | None]] | None:
    """The columns of the rates at each threshold, in rising order; `cost` may be missing."""
    columns, path = run.read_columns(names.THRESHOLD), run.path / names.THRESHOLD
    if columns is None:
        return None
    if tuple(columns) not in {TRADE_OFF_COLUMNS, TRADE_OFF_COLUMNS[:-1]}:
        raise damaged(path, f"is damaged: its columns are not {', '.join(TRADE_OFF_COLUMNS)}")
    first = columns[TRADE_OFF_COLUMNS[0]]
    if None in first or not first:
        raise damaged(path, "is damaged: a threshold is missing")
    return columns


def top_columns(count: int) -> tuple[str, ...]:
    """The names of the columns of `most_probable`: `top_1`, `p_top_1`, `top_2`, …"""
    return tuple(name for k in range(1, count + 1) for name in (f"top_{k}", f"p_top_{k}"))


def most_probable(
    classes: Sequence[str], probabilities: FloatArray, count: int
) -> Iterator[list[str | float]]:
    """For each of n rows the `count` most probable classes, or all if there are fewer, with probabilities.

    The probabilities are (n, C). Of equally probable classes, the first one comes first.
    """
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(probabilities, best, axis=1)
    for numbers, row in zip(best.tolist(), values.tolist(), strict=True):
        yield [field for k, p in zip(numbers, row, strict=True) for field in (classes[k], p)]
