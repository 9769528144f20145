"""`warm_start` and `partial_fit` train the networks on that an estimator has."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris

from fnnctl.sklearn import FNNClassifier, FNNRegressor
from tests.messages import Messages

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

SMALL: dict[str, Any] = {
    "recipe": "classic", "hidden_layer_sizes": (8,), "early_stopping": False, "max_iter": 20,
    "settings": {"training.optimizer.learning_rate": 0.02},
}  # fmt: skip
HELD_OUT = SMALL["settings"] | {"data.split.validation": 0.2}
STILL: dict[str, Any] = {"max_iter": 1, "settings": {"training.optimizer.learning_rate": 1e-30}}
"""Steps that change no weight."""
order = np.random.default_rng(0).permutation(150)
X, y = (array[order] for array in load_iris(return_X_y=True))
OLD, NEW = slice(0, 90), slice(90, 150)
ROWS, TARGETS = load_diabetes(return_X_y=True)


def classifier(**parameters: Any) -> FNNClassifier:
    return FNNClassifier(**{**SMALL, **parameters})


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize(
    ("estimator", "rows", "targets"), [(FNNClassifier, X, y), (FNNRegressor, ROWS[:150], TARGETS[:150])]
)
def test_a_second_fit_begins_where_the_first_one_ended(
    estimator: Any, rows: Any, targets: Any, members: int
) -> None:
    """Without steps the predictions stay, although rows, scale and range of the new targets differ."""
    ensemble = {"model.ensemble": members}
    model = estimator(**{**SMALL, "settings": SMALL["settings"] | ensemble}, warm_start=True)
    model.fit(rows[OLD], targets[OLD])
    before, scales = model.predict(rows), model.run_.config["data"]
    model.set_params(**{**STILL, "settings": STILL["settings"] | ensemble}).fit(3 + rows[NEW], targets[NEW])
    np.testing.assert_array_equal(model.predict(rows), before)
    assert model.run_.config["data"] == scales | {"sha256": model.run_.config["data"]["sha256"]}
    model.set_params(warm_start=False).fit(rows[NEW], targets[NEW])
    assert not np.array_equal(model.predict(rows), before)


def test_a_second_fit_and_a_partial_fit_are_one() -> None:
    fitted = classifier(warm_start=True).fit(X[OLD], y[OLD]).fit(X[NEW], y[NEW])
    partly = classifier().partial_fit(X[OLD], y[OLD]).partial_fit(X[NEW], y[NEW])
    after_fit = classifier().fit(X[OLD], y[OLD]).partial_fit(X[NEW], y[NEW])
    probabilities = fitted.predict_proba(X)
    np.testing.assert_array_equal(partly.predict_proba(X), probabilities)
    np.testing.assert_array_equal(after_fit.predict_proba(X), probabilities)
    assert fitted.score(X, y) > 0.9
    assert (fitted.n_iter_, len(fitted.loss_curve_)) == (20, 20)
    begun = clone(fitted).fit(X[NEW], y[NEW])
    assert not np.array_equal(begun.predict_proba(X), probabilities)


def test_weights_of_rows_and_alpha() -> None:
    model = FNNRegressor(**SMALL, alpha=0.1).partial_fit(ROWS, TARGETS)
    weights = np.linspace(0, 2, len(ROWS))
    weighted = pickle.loads(pickle.dumps(model)).partial_fit(ROWS, TARGETS, sample_weight=weights)
    assert not np.array_equal(model.partial_fit(ROWS, TARGETS).predict(ROWS), weighted.predict(ROWS))


def test_a_pickle_is_trained_on() -> None:
    first = classifier(warm_start=True).fit(X[OLD], y[OLD])
    copy = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(
        copy.fit(X[NEW], y[NEW]).predict_proba(X), first.fit(X[NEW], y[NEW]).predict_proba(X)
    )


def test_the_run_of_one_of_many_calls_is_complete() -> None:
    """The runs before it are gone."""
    model = classifier(settings=HELD_OUT)
    for rows in (OLD, NEW, OLD):
        model.partial_fit(X[rows], y[rows])
    assert sorted(model.run_.importance((X[OLD], y[OLD]))["column"]) == ["x0", "x1", "x2", "x3"]
    assert model.run_.evaluate((X, y)).metrics["test"]["support"] == 150
    assert "accuracy" in model.run_.report(short=True)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0, 2: 1.0}])
def test_classes_that_come_later_are_named_first(class_weight: Any) -> None:
    early = y < 2
    model = classifier(class_weight=class_weight, settings=HELD_OUT).partial_fit(
        X[early], y[early], classes=[0, 1, 2]
    )
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (150, 3)
    assert set(model.run_.importance((X[early], y[early]))["column"]) == {"x0", "x1", "x2", "x3"}
    model.set_params(max_iter=60).partial_fit(X, y)
    assert (model.predict(X) == 2).sum() > 30


def test_the_first_rows_may_have_one_class() -> None:
    model = classifier().partial_fit(X[y == 1], y[y == 1], classes=[0, 1, 2])
    assert set(model.predict(X)) == {1}
    assert model.partial_fit(X[y == 2], y[y == 2]).classes_.tolist() == [0, 1, 2]


LABELS = [
    np.array(["b", "c", "a"]), np.array([5, 7, 6]), np.array([5.0, 7.0, 6.0]),
    np.array(["1.0", "NA", "?"], object), np.array(["1", " 1", "1_"], object),
]  # fmt: skip


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: str(labels.tolist()))
def test_a_new_class_begins_with_zero_weights(labels: Any) -> None:
    """Its logit is 0 for every row: the odds of the former classes stay."""
    early = y < 2
    model = classifier().fit(X[early], labels[y[early]])
    before = model.predict_log_proba(X)
    model.set_params(**STILL).partial_fit(X, labels[y])
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert model.classes_.dtype == labels.dtype
    logs = model.predict_log_proba(X)
    place = {label: logs[:, model.classes_.tolist().index(label)] for label in labels.tolist()}
    first, second, _ = labels.tolist()
    sign = 1 if first < second else -1
    np.testing.assert_allclose(
        place[first] - place[second], sign * (before[:, 0] - before[:, 1]), rtol=1e-4, atol=1e-4
    )
    arrays = model.run_.folder.read_model().arrays
    assert not arrays["weights_2"][2].any()
    model.set_params(max_iter=60, settings=SMALL["settings"]).partial_fit(X, labels[y])
    assert (model.predict(X) == labels[2]).sum() > 30


def test_labels_of_another_type_are_the_same_classes() -> None:
    model = classifier().fit(X, y).partial_fit(X, y.astype(float))
    assert (model.classes_.tolist(), model.classes_.dtype) == ([0, 1, 2], y.dtype)


WRONG: dict[str, Callable[[FNNClassifier], object]] = {
    "another width": lambda model: model.set_params(hidden_layer_sizes=(9,)).partial_fit(X, y),
    "another activation": lambda model: model.set_params(activation="tanh").partial_fit(X, y),
    "fewer columns": lambda model: model.partial_fit(X[:, :3], y),
    "other labels": lambda model: model.partial_fit(X, np.array(["a", "b", "c"])[y]),
    "mixed labels": lambda model: model.partial_fit(X[:3], np.array([0, None, "b"], object)),
    "a class that is not listed": lambda model: model.partial_fit(X, y, classes=[0, 1]),
    "no rows": lambda model: model.partial_fit(X[:0], y[:0]),
    "a weight of no class": lambda model: model.set_params(class_weight={7: 1}).partial_fit(X, y + 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_trained_on_leaves_the_estimator_as_it_was(name: str, messages: Messages) -> None:
    model = classifier().fit(X, y)
    probabilities, classes = model.predict_proba(X), model.classes_
    with pytest.raises(ValueError, match=r"\w") as raised:
        WRONG[name](model)
    messages.check(raised.value)
    np.testing.assert_array_equal(model.predict_proba(X), probabilities)
    np.testing.assert_array_equal(model.classes_, classes)


def test_one_class_alone_begins_nothing(messages: Messages) -> None:
    with pytest.raises(ValueError, match="one class") as raised:
        classifier().partial_fit(X[y == 1], y[y == 1])
    messages.check(raised.value)


@pytest.mark.extra
def test_arrays_follow_a_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = classifier().partial_fit(frame[:90], pandas.Series(y[OLD], name="kind"))
    copy = pickle.loads(pickle.dumps(model)).partial_fit(frame[90:], y[NEW])
    with pytest.warns(UserWarning, match="valid feature names"):
        model.partial_fit(X[NEW], y[NEW])
    np.testing.assert_array_equal(model.predict_proba(frame), copy.predict_proba(frame))
    assert model.run_.config["data"]["target"] == "kind"
