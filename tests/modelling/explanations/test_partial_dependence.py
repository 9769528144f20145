"""Partial dependence by hand; `test_partial_dependence_oracle` has scikit-learn's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fnnctl.arrays import FloatArray
from fnnctl.data.axis_values import AxisValues
from fnnctl.data.columns.formats.base import number_text
from fnnctl.metrics.partial_dependence import PartialDependence
from fnnctl.modelling.donated_values import DonatedValues
from fnnctl.modelling.explanations import partial_dependence as module
from fnnctl.modelling.explanations.partial_dependence import VariedColumns, VariedRows, partial_dependence
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.decisions import Decision


class Task:
    """Predicts a product of columns, and of classes what adds up to 1 with it."""

    targets: tuple[str, ...] = ("y",)

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes

    @property
    def tasks(self) -> list[Task]:
        return [self]

    def predicted_values(self, scores: FloatArray, decoder: object) -> FloatArray:
        if len(self.classes) == 3:
            return np.column_stack([scores, scores / 2, 1 - 1.5 * scores])
        return scores if not self.classes else np.column_stack([scores, 1 - scores])


class JointTask(Task):
    """Predicts what several tasks do."""

    def __init__(self, tasks: list[Task], targets: tuple[str, ...]) -> None:
        super().__init__(())
        self._tasks, self.targets = tasks, targets

    @property
    def tasks(self) -> list[Task]:
        return self._tasks

    def predicted_values(self, scores: FloatArray, decoder: object) -> FloatArray:
        return np.hstack([task.predicted_values(scores, decoder) for task in self._tasks])


class Product:
    """A predictor whose score is the product of a row's features."""

    def __init__(self, classes: tuple[str, ...], positive: int | None = None) -> None:
        self.task: Task = Task(classes)
        decoder = SimpleNamespace(decision=positive if positive is None else Decision(positive))
        self.decoder = SimpleNamespace(of_targets=[decoder])

    def donated(self, features: list[FloatArray]) -> DonatedValues:
        return DonatedValues(features, [{"a": np.array([0]), "b": np.array([1])}])

    def feature_scores(self, batches: Iterator[list[FloatArray]]) -> Iterator[FloatArray]:
        for (features,) in batches:
            yield features.prod(axis=1, keepdims=True)


def measured(predictor: Product, a: list[float], b: list[float], varied: VariedColumns) -> PartialDependence:
    columns = {"a": np.array(a, float), "b": np.array(b, float)}
    values = {
        name: AxisValues("number", [*map(number_text, column.tolist())], column)
        for name, column in columns.items()
    }
    features = [np.column_stack([*columns.values()])]
    rows = VariedRows(
        "train", 10 + np.arange(len(a)), np.array([0, len(a) - 1]), features, values, {"a": ["a"], "b": ["b"]}
    )
    return partial_dependence(rows, cast(Predictor, predictor), varied)


def test_the_mean_of_a_product() -> None:
    """With b = 0, 1, 5, whose mean is 2, the mean of a·b is 2a; a row's curve is its own b times a."""
    varied = VariedColumns(("a",), [("a", "b")])
    result = measured(Product(()), [3, 1, 3], [0, 1, 5], varied)
    (curves,), (surface,) = result.columns, result.pairs
    assert (curves.grid.texts, curves.rows.tolist(), curves.classes) == (("1", "3"), [1, 2], ())
    assert curves.means.tolist() == [[2, 6]]
    assert curves.individual.tolist() == [[[0, 5], [0, 15]]]
    assert result.individual == (10, 12)
    assert surface.means.tolist() == [[[0, 1, 5], [0, 3, 15]]]
    assert surface.rows.tolist() == [[0, 1, 0], [1, 0, 1]]


def test_the_probability_of_the_positive_class() -> None:
    """With b = 0.5 and 1, the probability 1 − a·b is on average 1 − 0.75a."""
    result = measured(Product(("yes", "no"), 1), [0, 0.8], [0.5, 1], VariedColumns(("a",)))
    assert result.columns[0].classes == ("no",)
    assert_allclose(result.columns[0].means, [[1, 0.4]])


def test_targets_are_predicted_together_and_told_apart() -> None:
    """The product, two classes with its probability, and three classes of which all are kept."""
    products = {"n": Product(()), "b": Product(("yes", "no"), 1), "t": Product(("l", "m", "r"))}
    joint = Product(())
    joint.task = JointTask([one.task for one in products.values()], (*products,))
    joint.decoder.of_targets = [*chain(*(one.decoder.of_targets for one in products.values()))]
    a, b = [0, 0.4, 0.2], [0.5, 1, 0]
    varied = VariedColumns(("a", "b"), [("b", "a")])
    result = measured(joint, a, b, varied)
    assert (result.columns, result.pairs, [*result.of_targets]) == ((), (), [*products])
    for name, one in products.items():
        of_target, expected = result.of_targets[name], measured(one, a, b, varied)
        assert (of_target.part, of_target.rows, of_target.individual) == ("train", 3, expected.individual)
        for curves, single in zip(of_target.columns, expected.columns, strict=True):
            assert (curves.grid, curves.classes) == (single.grid, single.classes)
            assert_array_equal(curves.means, single.means)
            assert_array_equal(curves.individual, single.individual)
        assert_array_equal(of_target.pairs[0].means, expected.pairs[0].means)
    assert result.of_targets["b"].columns[0].classes == ("no",)
    assert_allclose(result.of_targets["t"].columns[0].means, [[0, 0.1, 0.2], [0, 0.05, 0.1], [1, 0.85, 0.7]])


def test_rows_are_predicted_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.random.default_rng(0).random((2, 40)).tolist()
    varied = VariedColumns(("a",))
    whole = measured(Product(()), a, b, varied)
    monkeypatch.setattr(module, "PREDICTED_TOGETHER", 100)
    assert_allclose(measured(Product(()), a, b, varied).columns[0].means, whole.columns[0].means)
