"""Reads the files that `tables` writes. A missing file gives None; a damaged one raises `DataError`."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.classification.tables import (
    CALIBRATION_COLUMNS,
    POSITIVE_CALIBRATION_COLUMNS,
    ROC_COLUMNS,
    TRADE_OFF_COLUMNS,
)
from fnnctl.text import shown

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

    They are read point by point, because the curves of a large part have hundreds of thousands of points.
    """
    path, rows = run.path / name, run.read_rows(name)
    if rows is None:
        return None
    if len(next(rows)) != len(ROC_COLUMNS):
        raise damaged(path, f"is damaged: {len(ROC_COLUMNS)} columns were expected")
    points: dict[tuple[str, str], tuple[array[float], array[float]]] = {}
    for kind, label, x, y, _ in rows:
        if kind not in get_args(CurveKind):
            raise damaged(path, f"is damaged: {shown(kind)} is not a kind of curve")
        of_curve = points.setdefault((kind, label), (array("d"), array("d")))
        try:
            of_curve[0].append(float(x))
            of_curve[1].append(float(y))
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
