"""Several targets in Python: each by its name."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, r2_score

import fnnctl
from fnnctl import Predictor, Run
from fnnctl.errors import UsageError
from fnnctl.metrics.feature_importance import permutations
from tests.messages import Messages
from tests.program import read_json
from tests.several import CLASSES, FAST, several_targets

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

TARGETS = ("price", "grade")


def table(rows: int = 120, seed: int = 0) -> dict[str, list[Any]]:
    """The columns that are features, and two targets."""
    columns = several_targets(rows, seed)
    return {name: columns[name] for name in ("a", "b", "c", "k", *TARGETS)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs")
    settings = {"data.target": list(TARGETS)}
    return fnnctl.train(FAST, table(), settings=settings, runs_dir=folder)


@pytest.fixture(scope="module")
def predictor(trained: Run) -> Predictor:
    return trained.predictor


def test_metrics_and_predictions_have_the_names_of_the_targets(trained: Run) -> None:
    test, predictions = trained.metrics["test"]["targets"], trained.predictions
    assert tuple(test) == tuple(predictions) == TARGETS
    assert list(predictions["price"]) == ["row", "target", "prediction"]
    assert list(predictions["grade"]) == ["row", "label", "prediction", *(f"p_{name}" for name in CLASSES)]
    errors = np.subtract(predictions["price"]["prediction"], predictions["price"]["target"])
    assert abs(test["price"]["mae"] - np.abs(errors).mean()) < 1e-12
    hits = np.equal(predictions["grade"]["label"], predictions["grade"]["prediction"])
    assert test["grade"]["accuracy"] == hits.mean()


def test_a_loaded_run_predicts_each_target_as_the_trained_one(trained: Run, predictor: Predictor) -> None:
    assert isinstance(trained.path, Path)
    loaded = fnnctl.load_run(trained.path).predictor
    assert loaded.targets == predictor.targets == TARGETS
    assert (loaded.target, loaded.classes, loaded.levels) == ("price, grade", None, None)
    rows = table()
    expected = predictor.predict(rows)
    for other in (loaded, pickle.loads(pickle.dumps(predictor))):
        predicted = other.predict(rows)
        assert tuple(predicted) == TARGETS
        for name in TARGETS:
            assert predicted[name].tobytes() == expected[name].tobytes()
    recorded = trained.predictions["price"]
    assert expected["price"][recorded["row"]].tolist() == recorded["prediction"]


def test_one_target_has_a_predictor_of_its_own(predictor: Predictor) -> None:
    rows, records = table(), [{"a": 1.0, "b": None, "c": 0.5, "k": "x"}]
    price, grade = (predictor.of_target(name) for name in TARGETS)
    joint = predictor.predict(rows)
    assert (price.target, price.classes, grade.classes) == ("price", None, CLASSES)
    assert price.predict(rows).tobytes() == joint["price"].tobytes()
    probabilities = grade.predict_proba(rows)
    assert np.array(CLASSES)[probabilities.argmax(axis=1)].tolist() == joint["grade"].tolist()
    by_target = predictor.predict_proba(rows)
    assert [*by_target] == ["grade"], "numbers have none"
    assert by_target["grade"].tobytes() == probabilities.tobytes()
    assert price.predict(records) == predictor.predict(records)["price"]
    assert price.of_target("price") is price
    explained = price.contributions(records, background=rows)
    np.testing.assert_allclose(explained.base + explained.effects.sum(axis=1), price.predict(records))
    assert (explained.effects[:, explained.columns.index("k")] != 0.0).all()


def test_the_curves_of_each_target_are_its_predictions_with_other_values(trained: Run) -> None:
    columns = table()
    measured = trained.partial_dependence(["a", "k"], pairs=[("k", "b")], data=columns)
    rows = measured["partial_dependence_rows"]["individual"]
    assert rows
    of_targets = measured["partial_dependence_targets"]
    price, grade = (of_targets[name]["partial_dependence"] for name in TARGETS)
    assert [curves["column"] for curves in price] == [curves["column"] for curves in grade] == ["a", "k"]
    varied = {name: [columns[name][row] for row in rows] for name in ("a", "b", "c", "k")}
    for k, column in enumerate(("a", "k")):
        for place, value in enumerate(price[k]["values"]):
            changed = {**varied, column: [value] * len(rows)}
            predicted = trained.predictor.predict(changed)["price"]
            own = [curve[place] for curve in price[k]["curves"][0]["individual"]]
            np.testing.assert_allclose(own, predicted, rtol=1e-9)
            probabilities = trained.predictor.predict_proba(changed)["grade"]
            for name, curves in zip(CLASSES, grade[k]["curves"], strict=True):
                own = [curve[place] for curve in curves["individual"]]
                assert curves["class"] == name
                np.testing.assert_allclose(own, probabilities[:, CLASSES.index(name)], rtol=1e-9)
    assert [pair["columns"] for pair in of_targets["grade"]["pair_dependence"]] == [["k", "b"]]
    files = {path.name for path in (trained.folder.path / "targets" / "2-grade").iterdir()}
    assert {"partial_dependence.csv", "pair_dependence.csv"} <= files
    assert not trained.folder.has("partial_dependence.csv")


def test_the_importance_of_a_column_is_that_of_each_target(trained: Run) -> None:
    """As by permuting the column, and scoring one target with scikit-learn in the rows that have it."""
    assert isinstance(trained.path, Path)
    seed = read_json(trained.path / "manifest.json")["seed"]
    columns, rows = table(), trained.predictions
    tested = np.union1d(rows["price"]["row"], rows["grade"]["row"])
    assert len(rows["price"]["row"]) < len(tested)
    measured = trained.importance(columns)
    assert set(measured["rows"]) == {len(tested)}
    for place, column in enumerate(measured["column"]):
        donors = permutations(seed, column, len(tested))
        scores = []
        for own in [np.arange(len(tested)), *donors]:
            new = {name: [values[row] for row in tested] for name, values in columns.items()}
            new[column] = [columns[column][row] for row in tested[own]]
            proba = dict(zip(tested, trained.predictor.of_target("grade").predict_proba(new), strict=True))
            price = dict(zip(tested, trained.predictor.of_target("price").predict(new), strict=True))
            scores.append((
                -r2_score(rows["price"]["target"], [price[row] for row in rows["price"]["row"]]),
                log_loss(
                    rows["grade"]["label"], [proba[row] for row in rows["grade"]["row"]], labels=CLASSES
                ),
            ))  # fmt: skip
        rises = np.subtract(scores[1:], scores[0])
        for metric, rise in zip(("targets.price.r2", "targets.grade.log_loss"), rises.T, strict=True):
            assert measured[metric][place] == pytest.approx(rise.mean(), rel=1e-5, abs=1e-6)
            assert measured[f"{metric}_std"][place] == pytest.approx(rise.std(), rel=1e-5, abs=1e-6)
            assert measured[f"{metric}_ci95_low"][place] <= rise.mean()


def test_new_rows_are_scored_target_by_target(trained: Run) -> None:
    evaluated = trained.evaluate(table(40, seed=1), runs_dir=None)
    assert {name: len(columns["row"]) for name, columns in evaluated.predictions.items()} == {
        "price": 33, "grade": 39
    }  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.predictor.decision(table()),
        lambda run: run.predictor.predict_interval(table(), 0.9),
        lambda run: run.predictor.predict_set(table(), 0.9),
        lambda run: run.predictor.predict_quantiles(table()),
        lambda run: run.predictor.contributions(table()),
        lambda run: run.predictor.of_target("price").predict_interval(table(), 0.9),
        lambda run: run.predictor.of_target("prize"),
        lambda run: run.predictor.of_target("x"),
    ],
)
def test_what_is_for_one_target_is_refused(
    call: Callable[[Run], Any], trained: Run, messages: Messages
) -> None:
    with pytest.raises(UsageError) as caught:
        call(trained)
    messages.check(str(caught.value).replace(str(trained.path), "RUN"))
