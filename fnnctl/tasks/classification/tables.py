"""The files of a classification run: predictions, confusion matrix, curves, calibration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.store import names
from fnnctl.store.tables import csv_lines, wide_csv_lines

if TYPE_CHECKING:
    from fnnctl.metrics.curves import Curve
    from fnnctl.metrics.decisions.trade_offs import TradeOffs
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
POINTS_AT_ONCE = 2**12


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


def calibration(bins: Iterable[Sequence[object]], *, of_positive: bool) -> Artifact:
    """calibration.csv, one row per bin, from `Reliability.table`."""
    columns = POSITIVE_CALIBRATION_COLUMNS if of_positive else CALIBRATION_COLUMNS
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
    """The points in chunks, because Python numbers take four times the memory of an array."""
    for curve in points:
        for start in range(0, len(curve.x), POINTS_AT_ONCE):
            part = slice(start, start + POINTS_AT_ONCE)
            columns = (curve.x[part].tolist(), curve.y[part].tolist(), curve.thresholds[part].tolist())
            for x, y, threshold in zip(*columns, strict=True):
                yield (curve.kind, curve.label, x, y, None if math.isnan(threshold) else threshold)
