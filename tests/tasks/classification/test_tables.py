"""The files of a classification run are read back as they were written; damage is reported."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.curves import Curve
from fnnctl.metrics.decisions import Costs, trade_offs
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.tasks.classification import tables
from fnnctl.tasks.classification.tables import (
    MAX_POINTS,
    most_probable,
    read_calibration,
    read_confusion_matrix,
    read_curves,
    read_trade_offs,
    top_columns,
)


def test_what_is_not_there_reads_as_none(run: OpenRun) -> None:
    assert read_confusion_matrix(run) is None
    assert read_curves(run, names.ROC_CURVE) is None
    assert read_curves(run, names.PR_CURVE) is None
    assert read_calibration(run) is None
    assert read_trade_offs(run) is None


def test_predictions_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    share = 1 / len(hostile_classes)
    rows = [(row, name, name) for row, name in enumerate(hostile_classes)]
    probabilities = np.full((len(hostile_classes), len(hostile_classes)), share)
    run.write_artifacts(
        [tables.predictions(hostile_classes, [(rows[:2], probabilities[:2]), (rows[2:], probabilities[2:])])]
    )
    table = run.read_table(names.PREDICTIONS)
    assert table is not None
    assert table.columns == ("row", "label", "prediction", *(f"p_{name}" for name in hostile_classes))
    assert tuple(table.column(1)) == hostile_classes
    assert table.numbers(3) == [share] * len(hostile_classes)


def test_confusion_matrix_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    matrix = np.arange(len(hostile_classes) ** 2).reshape(len(hostile_classes), -1)
    run.write_artifacts([tables.confusion(hostile_classes, matrix)])
    read = read_confusion_matrix(run)
    assert read is not None
    assert read[0] == hostile_classes
    np.testing.assert_array_equal(read[1], matrix)


def test_curves_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    points = np.array([0.0, 1 / 3, 1.0])
    curves = [
        Curve("class", name, points, points**2, np.array([np.inf, 0.5, 0.1]), 0.5) for name in hostile_classes
    ]
    curves.append(Curve("micro", "", points, points, points, 0.5))
    curves.append(Curve("macro", "", points, points, np.full(3, np.nan), 0.5))
    run.write_artifacts(tables.curves(curves, curves[-1:]))
    read = read_curves(run, names.ROC_CURVE)
    assert read is not None
    assert [(curve.kind, curve.label) for curve in read] == [(curve.kind, curve.label) for curve in curves]
    np.testing.assert_array_equal(read[0].x, points)
    np.testing.assert_array_equal(read[0].y, points**2)
    pr = read_curves(run, names.PR_CURVE)
    assert pr is not None
    assert [curve.kind for curve in pr] == ["macro"]
    assert (run.path / "pr_curve.csv").read_text() == (
        "kind,class,recall,precision,threshold\n"
        "macro,,0.0,0.0,\nmacro,,0.3333333333333333,0.3333333333333333,\nmacro,,1.0,1.0,\n"
    )
    assert "class,=cmd(),0.0,0.0,inf\n" in (run.path / "roc_curve.csv").read_text()


def test_a_long_curve_is_thinned_evenly_along_it(run: OpenRun) -> None:
    """The rare class of this one has its rows at the end, so that the curve rises by half in 40 points."""
    y = np.append(np.linspace(0.0, 0.5, 50 * MAX_POINTS), np.linspace(0.5, 1.0, 41)[1:])
    x = np.linspace(0.0, 1.0, len(y))
    run.write_artifacts(tables.curves([Curve("micro", "", x, y, 1 - x, 0.5)], []))
    (curve,) = read_curves(run, names.ROC_CURVE) or []
    assert (curve.x[0], curve.x[-1], curve.y[-1]) == (0.0, 1.0, 1.0)
    assert MAX_POINTS / 2 < len(curve.x) <= MAX_POINTS
    assert np.diff(curve.x).max() < 2.1 / MAX_POINTS
    assert {*y[-40:]} <= {*curve.y}


@pytest.mark.parametrize(("of_positive", "x", "y"), [
    (False, "confidence", "accuracy"), (True, "probability", "frequency"),
])  # fmt: skip
def test_calibration_round_trip(run: OpenRun, of_positive: bool, x: str, y: str) -> None:
    bins = [(0.0, 0.5, 0, None, None, None, None), (0.5, 1.0, 3, 0.75, 2 / 3, 0.2, 0.9)]
    run.write_artifacts([tables.calibration(bins, positive_only=of_positive)])
    assert read_calibration(run) == {
        "low": [0.0, 0.5], "high": [0.5, 1.0], "rows": [0, 3], x: [None, 0.75],
        y: [None, 2 / 3], f"{y}_low": [None, 0.2], f"{y}_high": [None, 0.9],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,a,b\na,1,2\nb,3,4.5\n", "invalid literal"),
        ("label,a,b\na,1,2\n", "different classes"),
        ("label\n", "different classes"),
        ("label,a,b\nb,1,2\na,3,4\n", "different classes"),
    ],
)
def test_a_damaged_confusion_matrix(run: OpenRun, content: str, message: str) -> None:
    (run.path / "confusion_matrix.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_confusion_matrix(run)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kind,class,x,y\n", "5 columns were expected"),
        ("kind,class,x,y,threshold\nsome,a,0,0,1\n", "'some' is not a kind of curve"),
        ("kind,class,x,y,threshold\nclass,a,zero,0,1\n", "zero"),
    ],
)
def test_a_damaged_curve(run: OpenRun, content: str, message: str) -> None:
    (run.path / "roc_curve.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_curves(run, names.ROC_CURVE)


CALIBRATION_HEADER = "low,high,rows,confidence,accuracy,accuracy_low,accuracy_high"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("low,high,rows\n0,1,5\n", f"its columns are not {', '.join(CALIBRATION_HEADER.split(','))}"),
        (f"{CALIBRATION_HEADER}\n0,1,,,,,\n", "a bin has no edges or no number of rows"),
        (f"{CALIBRATION_HEADER}\n0,1,many,,,,\n", "many"),
    ],
)
def test_a_damaged_calibration(run: OpenRun, content: str, message: str) -> None:
    (run.path / "calibration.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_calibration(run)


@pytest.mark.parametrize("costs", [None, Costs(1.0, 3.0)])
def test_trade_offs_round_trip(run: OpenRun, costs: Costs | None) -> None:
    scores, thresholds = np.array([0.1, 0.2, 0.7]), np.array([0.15, 0.5, 0.9])
    rates = trade_offs(np.array([False, True, True]), scores, thresholds, costs)
    run.write_artifacts([tables.trade_offs(rates)])
    columns = read_trade_offs(run)
    assert columns is not None
    assert columns["threshold"] == [0.15, 0.5, 0.9]
    assert columns["precision"] == [1.0, 1.0, None]
    assert columns["recall"] == [1.0, 0.5, 0.0]
    assert columns["f1"] == rates.f1.tolist()
    assert columns.get("cost") == (None if costs is None else [0.0, 1.0, 2.0])


@pytest.mark.parametrize(("content", "message"), [
    ("threshold,recall\n0.5,1\n", "its columns are not threshold, precision"),
    ("threshold,precision,recall,f1,false_positive_rate,predicted_positive\n,1,1,1,1,1\n", "is missing"),
    ("threshold,precision,recall,f1,false_positive_rate,predicted_positive\n", "is missing"),
    ("threshold,precision,recall,f1,false_positive_rate,predicted_positive\n0.5,1,x,1,1,1\n", "x"),
])  # fmt: skip
def test_damaged_trade_offs(run: OpenRun, content: str, message: str) -> None:
    (run.path / names.THRESHOLD).write_text(content)
    with pytest.raises(DataError, match=message):
        read_trade_offs(run)


P = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])


def test_the_columns() -> None:
    assert top_columns(2) == ("top_1", "p_top_1", "top_2", "p_top_2")


def test_classes_by_probability() -> None:
    """Of equal ones the first one comes first, as it is the predicted one."""
    assert list(most_probable("abc", P, 2)) == [["b", 0.5, "c", 0.3], ["a", 0.4, "c", 0.4]]


def test_more_than_there_are_gives_all() -> None:
    assert [row[::2] for row in most_probable("abc", P, 9)] == [["b", "c", "a"], ["a", "c", "b"]]
