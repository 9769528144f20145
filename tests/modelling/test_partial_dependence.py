"""Partial dependence: scikit-learn's on the same values, and numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import partial_dependence as of_scikit_learn

import fnnctl
from fnnctl import Run
from fnnctl.arrays import FloatArray
from fnnctl.data.axis_values import AxisValues
from fnnctl.data.columns.formats.base import number_text
from fnnctl.metrics.partial_dependence import PartialDependence
from fnnctl.modelling import partial_dependence as module
from fnnctl.modelling.donated_values import DonatedValues
from fnnctl.modelling.partial_dependence import VariedColumns, VariedRows, partial_dependence
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.decisions import Decision

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

ROWS = 160
UNSTOPPED = {
    "recipe": "classic", "model": {"hidden": [6]}, "training.epochs": 15, "training.early_stopping": None,
    "data.split": {"validation": 0, "test": 0.2},
}  # fmt: skip
BAGS = {"model.ensemble": {"members": 3, "bags": True, "plain_twins": True}, "data.split": {"test": 0.2}}
EMBEDDED = {"model.numeric_embedding": "piecewise_linear"}
COLUMNS = ["size", "rooms", "city", "built", "opens"]


def table(target: str) -> pd.DataFrame:
    """Numbers, some of them missing; whole numbers; categories; dates; and times of day."""
    rng = np.random.default_rng(5)
    size, rooms = rng.normal(50, 10, ROWS).round(2), rng.integers(1, 6, ROWS)
    city, hours = rng.choice(["Bern", "Rome", "San José, CR"], ROWS), rng.integers(0, 24, ROWS)
    days = pd.Timestamp("2020-01-30") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D")
    value = size / 10 + rooms + (city == "Rome") * 2 + hours / 12 + rng.normal(size=ROWS)
    cells = {
        "size": [f"{number:.2f}" if number > 38 else None for number in size],
        "rooms": rooms.astype(str),
        "city": [
            None if missing else name for missing, name in zip(rng.random(ROWS) < 0.1, city, strict=True)
        ],
        "built": days.strftime("%d.%m.%Y"),
        "opens": [f"{hour:02}:30" for hour in hours],
    }
    targets = {
        "amount": value.round(3).astype(str),
        "two": np.where(value > np.median(value), "yes", "no"),
        "three": np.digitize(value, np.quantile(value, [0.3, 0.7])).astype(str),
    }
    return pd.DataFrame({**cells, target: targets[target]})


@dataclass
class Estimator(BaseEstimator):  # type: ignore[misc]
    """A run for scikit-learn: texts as in the file, where it puts what the run calls its values."""

    run: Run

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, *arguments: object) -> Estimator:
        return self

    def rows(self, rows: pd.DataFrame) -> dict[str, list[Any]]:
        return {name: [None if cell == "" else cell for cell in rows[name]] for name in rows}


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    @property
    def classes_(self) -> FloatArray:
        return np.array(self.run.predictor.classes, object)

    def predict_proba(self, rows: pd.DataFrame) -> FloatArray:
        return self.run.predictor.predict_proba(self.rows(rows))


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    def predict(self, rows: pd.DataFrame) -> FloatArray:
        return np.array(self.run.predictor.predict(self.rows(rows)))


def as_texts(values: list[Any]) -> Any:
    """The values as a table has them; an ISO date is read in every table of dates."""
    texts = ["" if value is None else f"{value:g}" if isinstance(value, float) else value for value in values]
    return np.array(texts, object)


@pytest.fixture(
    params=[
        ("amount", {**UNSTOPPED, **EMBEDDED, "data.target_transform": "log"}),
        ("two", {**UNSTOPPED, "training.class_weights": {"yes": 4}, "data.positive_class": "no"}),
        ("three", {**UNSTOPPED, **BAGS, **EMBEDDED, "model.calibration": "temperature"}),
    ],
    ids=["a regression", "two classes", "bags with twins"],
)
def trained(request: pytest.FixtureRequest) -> tuple[Run, pd.DataFrame]:
    """A run, and the rows that it was trained on."""
    target, settings = request.param
    data = table(target)
    run = fnnctl.train(data=data, settings={"data.target": target, "seed": 2, **settings})
    rows = data.drop(index=run.predictions["row"]).fillna("")
    return run, rows[COLUMNS]


def test_the_curves_and_surfaces_of_scikit_learn(trained: tuple[Run, pd.DataFrame]) -> None:
    run, rows = trained
    estimator = (Classifier if run.predictor.classes else Regressor)(run)
    pairs = [("city", "size"), ("built", "opens")]
    data = table(run.config["data"]["target"])
    measured = run.partial_dependence(COLUMNS, pairs=pairs, data=data)
    assert measured["partial_dependence_rows"]["rows"] == len(rows)
    assert [curves["kind"] for curves in measured["partial_dependence"]] == [
        "number", "number", "category", "date", "time",
    ]  # fmt: skip
    first = rows.index.get_indexer(measured["partial_dependence_rows"]["individual"])
    classes = [*(run.predictor.classes or ())]

    def values(of_class: str | None, theirs: FloatArray) -> Any:
        """Those of a class. Of two classes, scikit-learn has the second one."""
        if len(classes) > 2:
            return theirs[classes.index(str(of_class))]
        return 1 - theirs[0] if classes and of_class == classes[0] else theirs[0]

    for curves in measured["partial_dependence"]:
        grid = {curves["column"]: as_texts(curves["values"])}
        theirs = of_scikit_learn(
            estimator, rows, [curves["column"]], custom_values=grid, method="brute", kind="both",
            categorical_features=COLUMNS,
        )  # fmt: skip
        for curve in curves["curves"]:
            name = curve["class"]
            assert_allclose(curve["mean"], values(name, theirs["average"]), atol=1e-6)
            assert_allclose(curve["individual"], values(name, theirs["individual"])[first], atol=1e-6)
    for surface, pair in zip(measured["pair_dependence"], pairs, strict=True):
        grid = {name: as_texts(values) for name, values in zip(pair, surface["values"], strict=True)}
        theirs = of_scikit_learn(
            estimator, rows, [*pair], custom_values=grid, method="brute", categorical_features=COLUMNS
        )
        for of_class in surface["surfaces"]:
            assert_allclose(of_class["mean"], values(of_class["class"], theirs["average"]), atol=1e-6)
        assert np.sum(surface["rows"]) == len(rows)


class Task:
    """Predicts a product of columns, and one less it."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes

    def predicted_values(self, scores: FloatArray, decoder: object) -> FloatArray:
        return scores if not self.classes else np.column_stack([scores, 1 - scores])


class Product:
    """A predictor whose score is the product of a row's features."""

    def __init__(self, classes: tuple[str, ...], positive: int | None = None) -> None:
        self.task = Task(classes)
        self.decoder = SimpleNamespace(decision=positive if positive is None else Decision(positive))

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


def test_rows_are_predicted_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.random.default_rng(0).random((2, 40)).tolist()
    varied = VariedColumns(("a",))
    whole = measured(Product(()), a, b, varied)
    monkeypatch.setattr(module, "PREDICTED_TOGETHER", 100)
    assert_allclose(measured(Product(()), a, b, varied).columns[0].means, whole.columns[0].means)
