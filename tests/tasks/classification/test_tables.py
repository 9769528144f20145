"""The files of a classification run are read back as they were written; damage is reported."""

from __future__ import annotations

from collections.abc import Callable

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
from tests.messages import Messages

READERS: dict[str, Callable[[OpenRun], object]] = {
    names.CONFUSION_MATRIX: read_confusion_matrix,
    names.ROC_CURVE: lambda run: read_curves(run, names.ROC_CURVE),
    names.CALIBRATION: read_calibration,
    names.THRESHOLD: read_trade_offs,
}
BINS = "low,high,rows,confidence,accuracy,accuracy_low,accuracy_high"
RATES = "threshold,precision,recall,f1,false_positive_rate,predicted_positive"


@pytest.mark.parametrize("name", READERS)
def test_what_is_not_there_reads_as_none(run: OpenRun, name: str) -> None:
    assert READERS[name](run) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (names.CONFUSION_MATRIX, "label,a,b\na,1,2\nb,3,4.5\n"),
        (names.CONFUSION_MATRIX, "label,a,b\na,1,2\n"),
        (names.CONFUSION_MATRIX, "label\n"),
        (names.CONFUSION_MATRIX, "label,a,b\nb,1,2\na,3,4\n"),
        (names.ROC_CURVE, "kind,class,x,y\n"),
        (names.ROC_CURVE, "kind,class,x,y,threshold\nsome,a,0,0,1\n"),
        (names.ROC_CURVE, "kind,class,x,y,threshold\nclass,a,zero,0,1\n"),
        (names.CALIBRATION, "low,high,rows\n0,1,5\n"),
        (names.CALIBRATION, f"{BINS}\n0,1,,,,,\n"),
        (names.CALIBRATION, f"{BINS}\n0,1,many,,,,\n"),
        (names.THRESHOLD, "threshold,recall\n0.5,1\n"),
        (names.THRESHOLD, f"{RATES}\n,1,1,1,1,1\n"),
        (names.THRESHOLD, f"{RATES}\n"),
        (names.THRESHOLD, f"{RATES}\n0.5,1,x,1,1,1\n"),
    ],
)
def test_damage_is_told(run: OpenRun, messages: Messages, name: str, content: str) -> None:
    (run.path / name).write_text(content)
    with pytest.raises(DataError) as error:
        READERS[name](run)
    messages.check(str(error.value).replace(f"{run.path}/", ""))


def test_predictions_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    count = len(hostile_classes)
    rows = [(row, name, name) for row, name in enumerate(hostile_classes)]
    shares = np.full((count, count), 1 / count)
    blocks = [(rows[:2], shares[:2]), (rows[2:], shares[2:])]
    run.write_artifacts([tables.predictions(hostile_classes, blocks)])
    table = run.read_table(names.PREDICTIONS)
    assert table is not None
    assert table.columns == ("row", "label", "prediction", *(f"p_{name}" for name in hostile_classes))
    assert tuple(table.column(1)) == hostile_classes
    assert table.numbers(3) == [1 / count] * count


def test_confusion_matrix_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    matrix = np.arange(len(hostile_classes) ** 2).reshape(len(hostile_classes), -1)
    run.write_artifacts([tables.confusion(hostile_classes, matrix)])
    read = read_confusion_matrix(run)
    assert read is not None
    assert read[0] == hostile_classes
    np.testing.assert_array_equal(read[1], matrix)


def test_curves_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    points, thresholds = np.array([0.0, 1 / 3, 1.0]), np.array([np.inf, 0.5, 0.1])
    curves = [Curve("class", name, points, points**2, thresholds, 0.5) for name in hostile_classes]
    curves.append(Curve("micro", "", points, points, points, 0.5))
    curves.append(Curve("macro", "", points, points, np.full(3, np.nan), 0.5))
    run.write_artifacts(tables.curves(curves, curves[-1:]))
    roc, pr = (read_curves(run, name) or [] for name in (names.ROC_CURVE, names.PR_CURVE))
    assert [(curve.kind, curve.label) for curve in roc] == [(curve.kind, curve.label) for curve in curves]
    np.testing.assert_array_equal(roc[0].x, points)
    np.testing.assert_array_equal(roc[0].y, points**2)
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


def test_classes_by_probability() -> None:
    """Of equal ones the first one comes first, as it is the predicted one; more than there are gives all."""
    probabilities = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
    assert list(most_probable("abc", probabilities, 2)) == [["b", 0.5, "c", 0.3], ["a", 0.4, "c", 0.4]]
    assert [row[::2] for row in most_probable("abc", probabilities, 9)] == [["b", "c", "a"], ["a", "c", "b"]]
    assert top_columns(2) == ("top_1", "p_top_1", "top_2", "p_top_2")
