from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import ArrayLike
from sklearn import metrics as sk

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics import curves as metrics_curves
from fnnctl.metrics.curves import Curve
from fnnctl.metrics.ranking import rank_part

Outcomes = SearchStrategy[tuple[IntArray, FloatArray]]
Simulate = Callable[..., tuple[IntArray, FloatArray]]

LABELS = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([[0.75, 0.25], [0.375, 0.625], [0.5, 0.5], [0.125, 0.875]])


def roc_curves(labels: IntArray, probabilities: FloatArray, classes: list[str]) -> list[Curve]:
    return metrics_curves.roc_curves(rank_part(labels, probabilities), classes)


def pr_curves(labels: IntArray, probabilities: FloatArray, classes: list[str]) -> list[Curve]:
    return metrics_curves.pr_curves(rank_part(labels, probabilities), classes)


def names(probabilities: FloatArray) -> list[str]:
    return [f"class {index}" for index in range(probabilities.shape[1])]


def one_vs_rest(curve: Curve, labels: IntArray, probabilities: FloatArray) -> tuple[BoolArray, FloatArray]:
    hot = labels[:, np.newaxis] == np.arange(probabilities.shape[1])
    if curve.kind == "micro":
        return hot.ravel(), probabilities.ravel()
    index = names(probabilities).index(curve.label)
    return hot[:, index], probabilities[:, index]


def assert_points(curve: Curve, x: FloatArray, y: FloatArray, thresholds: ArrayLike) -> None:
    assert_allclose(curve.x, x, rtol=0, atol=1e-12)
    assert_allclose(curve.y, y, rtol=0, atol=1e-12)
    assert_array_equal(curve.thresholds, thresholds)


def step_area(curve: Curve) -> float:
    return -float(np.sum(np.diff(curve.x) * curve.y[:-1]))


@given(data=st.data())
def test_curves_are_those_of_scikit_learn(data: st.DataObject, outcomes: Outcomes) -> None:
    labels, probabilities = data.draw(outcomes)
    for curve in roc_curves(labels, probabilities, names(probabilities)):
        if curve.kind != "macro":
            truth, scores = one_vs_rest(curve, labels, probabilities)
            assert_points(curve, *sk.roc_curve(truth, scores))
            assert curve.area == pytest.approx(sk.roc_auc_score(truth, scores), abs=1e-12)
    for curve in pr_curves(labels, probabilities, names(probabilities)):
        if curve.kind != "macro":
            truth, scores = one_vs_rest(curve, labels, probabilities)
            precision, recall, thresholds = sk.precision_recall_curve(truth, scores, drop_intermediate=True)
            assert_points(curve, recall, precision, [*thresholds, np.inf])
            area = pytest.approx(sk.average_precision_score(truth, scores), abs=1e-12)
            assert curve.area == area == step_area(curve)


@given(data=st.data())
def test_macro_curves_enclose_the_mean_of_the_areas(data: st.DataObject, outcomes: Outcomes) -> None:
    labels, probabilities = data.draw(outcomes)
    for curves in (
        roc_curves(labels, probabilities, names(probabilities)),
        pr_curves(labels, probabilities, names(probabilities)),
    ):
        areas = [curve.area for curve in curves if curve.kind == "class"]
        for macro in (curve for curve in curves if curve.kind == "macro"):
            drawn = np.trapezoid(macro.y, macro.x) if macro.x[0] == 0 else step_area(macro)
            assert macro.area == pytest.approx(np.mean(areas), abs=1e-12)
            assert drawn == pytest.approx(macro.area, abs=1e-12)
            assert len(macro.x) == len(macro.y) == len(macro.thresholds)
            assert np.isnan(macro.thresholds).all()


def test_curves_come_as_classes_then_micro_then_macro() -> None:
    curves = roc_curves(LABELS, PROBABILITIES, ["no", "yes"])
    assert [(curve.kind, curve.label) for curve in curves] == [
        ("class", "no"), ("class", "yes"), ("micro", ""), ("macro", ""),
    ]  # fmt: skip


def test_the_mean_of_two_roc_curves_worked_by_hand() -> None:
    # no: (0,0) (0,½) (½,½) (½,1) (1,1); yes: the same points. The mean is the same curve.
    macro = roc_curves(LABELS, PROBABILITIES, ["no", "yes"])[-1]
    assert_array_equal(macro.x, [0, 0, 0.5, 0.5, 1])
    assert_array_equal(macro.y, [0, 0.5, 0.5, 1, 1])


def test_the_mean_of_two_precision_recall_curves_worked_by_hand() -> None:
    # no: ½ of its rows at precision 1, all at 2/3; yes: the same.
    labels = np.array([0, 0, 1, 1, 1])
    probabilities = np.array([[0.75, 0.25], [0.375, 0.625], [0.5, 0.5], [0.125, 0.875], [0.25, 0.75]])
    no, yes, _, macro = pr_curves(labels, probabilities, ["no", "yes"])
    assert no.area == (1 + 2 / 3) / 2
    assert yes.area == (1 + 1 + 3 / 4) / 3
    assert_allclose(macro.x, [1, 2 / 3, 1 / 2, 1 / 3, 0])
    assert_allclose(macro.y, [(2 / 3 + 3 / 4) / 2, (2 / 3 + 1) / 2, 1, 1, 1])


def test_the_mean_of_repeats_is_that_of_each_curve() -> None:
    """In the second repeat the scores separate the classes; a curve of one repeat is kept as it is."""
    separate = np.array([[0.75, 0.25], [0.625, 0.375], [0.5, 0.5], [0.125, 0.875]])
    repeats = [roc_curves(LABELS, each, ["no", "yes"]) for each in (PROBABILITIES, separate)]
    no = metrics_curves.mean_roc_curves(repeats)[0]
    assert (no.kind, no.label, no.area) == ("class", "no", (0.75 + 1) / 2)
    assert_array_equal(np.interp([0.25, 0.75], no.x, no.y), [0.75, 1.0])
    assert metrics_curves.mean_roc_curves([repeats[0]]) == repeats[0]


def test_a_class_without_rows_has_no_curve() -> None:
    probabilities = np.column_stack([PROBABILITIES, np.zeros(4)])
    for curves in (
        roc_curves(LABELS, probabilities, ["no", "yes", "never"]),
        pr_curves(LABELS, probabilities, ["no", "yes", "never"]),
    ):
        assert [curve.label for curve in curves if curve.kind == "class"] == ["no", "yes"]


def test_one_class_alone_has_no_roc_curve_of_its_own() -> None:
    curves = roc_curves(np.array([0, 0]), np.array([[0.9, 0.1], [0.8, 0.2]]), ["only", "never"])
    assert [curve.kind for curve in curves] == ["micro"]
