"""Partial dependence equals scikit-learn's on the same values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import partial_dependence as of_scikit_learn

import fnnctl
from fnnctl import Run
from fnnctl.arrays import FloatArray

pytestmark = [pytest.mark.extra, pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")]

ROWS = 160
UNSTOPPED = {
    "recipe": "classic", "model": {"hidden": [6]}, "training.epochs": 15, "training.early_stopping": None,
    "data.split": {"validation": 0, "test": 0.2},
}  # fmt: skip
BAGS = {"model.ensemble": {"members": 3, "bags": True, "plain_twins": True}, "data.split": {"test": 0.2}}
EMBEDDED = {"model.numeric_embedding": "piecewise_linear"}
COLUMNS = ["size", "rooms", "city", "built", "opens"]


def table(target: str) -> Any:
    """Numbers, some of them missing; whole numbers; categories; dates; and times of day."""
    pd = pytest.importorskip("pandas")
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

    def rows(self, rows: Any) -> dict[str, list[Any]]:
        return {name: [None if cell == "" else cell for cell in rows[name]] for name in rows}


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    @property
    def classes_(self) -> FloatArray:
        return np.array(self.run.predictor.classes, object)

    def predict_proba(self, rows: Any) -> FloatArray:
        probabilities: FloatArray = self.run.predictor.predict_proba(self.rows(rows))
        return probabilities


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    def predict(self, rows: Any) -> FloatArray:
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
def trained(request: pytest.FixtureRequest) -> tuple[Run, Any]:
    """A run, and the rows that it was trained on."""
    target, settings = request.param
    data = table(target)
    run = fnnctl.train(data=data, settings={"data.target": target, "seed": 2, **settings})
    rows = data.drop(index=run.predictions["row"]).fillna("")
    return run, rows[COLUMNS]


def test_the_curves_and_surfaces_of_scikit_learn(trained: tuple[Run, Any]) -> None:
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
