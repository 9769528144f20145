"""Several columns of y are one network's targets, in the forms in which scikit-learn gives and takes them."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from fnnctl.sklearn import FNNClassifier, FNNRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SMALL: dict[str, Any] = {
    "recipe": "classic", "hidden_layer_sizes": (20,), "learning_rate_init": 0.02, "early_stopping": False,
    "max_iter": 60,
}  # fmt: skip
X = np.random.default_rng(0).normal(size=(80, 3))
NUMBERS = np.c_[X[:, 0] + X[:, 1], 100 * X[:, 2], np.round(X[:, 0])]
CLASSES = np.c_[1 * (X[:, 0] > 0) + (X[:, 1] > 0), np.where(X[:, 2] > 0, 7, 3), np.full(80, 5)]
LABELS = np.c_[X[:, 0] > 0, X[:, 2] > 0, np.zeros(80)].astype(int)


def test_numbers() -> None:
    """Whole numbers are numbers, too; a scorer takes the mean of the targets."""
    regressor = FNNRegressor(**SMALL).fit(X, NUMBERS)
    predicted = regressor.predict(X)
    assert predicted.shape == NUMBERS.shape
    assert np.median(regressor.predict(X)[:, 2] % 1) > 0, "not classes"
    assert regressor.score(X, NUMBERS) == pytest.approx(r2_score(NUMBERS, predicted))
    assert regressor.score(X, NUMBERS) > 0.8
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(regressor)).predict(X), predicted)
    np.testing.assert_array_equal(clone(regressor).fit(X, NUMBERS.tolist()).predict(X), predicted)


def test_a_column_is_one_target() -> None:
    with pytest.warns(DataConversionWarning):
        column = FNNRegressor(**SMALL).fit(X, NUMBERS[:, :1])
    np.testing.assert_array_equal(column.predict(X), FNNRegressor(**SMALL).fit(X, NUMBERS[:, 0]).predict(X))


def test_classes_are_as_those_of_a_forest() -> None:
    ours = FNNClassifier(**SMALL).fit(X, CLASSES)
    theirs = RandomForestClassifier(n_estimators=2, random_state=0).fit(X, CLASSES)
    for own, expected in zip(ours.classes_, theirs.classes_, strict=True):
        np.testing.assert_array_equal(own, expected)
    shapes = [part.shape for part in ours.predict_proba(X)]
    assert shapes == [part.shape for part in theirs.predict_proba(X)] == [(80, 3), (80, 2), (80, 1)]
    assert (ours.predict(X) == CLASSES).mean() > 0.95
    for number, part in enumerate(ours.predict_proba(X)):
        np.testing.assert_allclose(part.sum(axis=1), 1)
        np.testing.assert_array_equal(ours.classes_[number][part.argmax(axis=1)], ours.predict(X)[:, number])
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)[0]), ours.predict_proba(X)[0])


@pytest.mark.parametrize("dtype", [int, bool, float])
def test_labels_are_as_those_of_scikit_learns_network(dtype: type) -> None:
    labels = LABELS.astype(dtype)
    ours = FNNClassifier(**SMALL).fit(X, labels)
    theirs = MLPClassifier(max_iter=2).fit(X, LABELS)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    assert ours.predict_proba(X).shape == theirs.predict_proba(X).shape == (80, 3)
    np.testing.assert_array_equal(ours.predict_proba(X) > 0.5, ours.predict(X))
    np.testing.assert_array_equal(ours.decision_function(X) > 0, ours.predict(X))
    assert ours.score(X, labels) > 0.9


@pytest.mark.extra
def test_columns_of_a_frame_are_names_of_targets() -> None:
    frames = pytest.importorskip("pandas")
    targets = frames.DataFrame({"x": np.where(X[:, 0] > 0, "yes", "no"), "size": CLASSES[:, 0]})
    classifier = FNNClassifier(**SMALL).fit(frames.DataFrame(X, columns=["x", "u", "v"]), targets)
    assert classifier.run_.predictor.targets == ("x_", "size")
    assert classifier.predict(frames.DataFrame(X, columns=["x", "u", "v"]))[0].tolist() == [*targets.iloc[0]]


def test_weights_and_grids() -> None:
    weights = np.where(X[:, 0] > 0, 1.0, 0.01)
    weighted = FNNRegressor(**SMALL).fit(X, NUMBERS, weights)
    assert not np.array_equal(weighted.predict(X), FNNRegressor(**SMALL).fit(X, NUMBERS).predict(X))
    search = GridSearchCV(FNNRegressor(**SMALL), {"alpha": [1e-4, 1e4]}, cv=2, scoring="r2").fit(X, NUMBERS)
    assert search.best_params_ == {"alpha": 1e-4}


def test_what_is_for_one_target_is_refused() -> None:
    missing = np.where(NUMBERS > 0, NUMBERS, np.nan)
    with pytest.raises(ValueError, match="y contains NaN"):
        FNNRegressor().fit(X, missing)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        FNNClassifier().fit(X, NUMBERS)
    with pytest.raises(ValueError, match="class_weight is for one target, but y has 3: leave it out"):
        FNNClassifier(class_weight="balanced").fit(X, CLASSES)
    with pytest.raises(ValueError, match="y has one class in each column"):
        FNNClassifier().fit(X, np.ones((80, 2)))
    classifier = FNNClassifier(**SMALL, warm_start=True).fit(X, LABELS)
    with pytest.raises(ValueError, match="warm_start is for one target, but y has 3"):
        classifier.fit(X, LABELS)
    with pytest.raises(ValueError, match=r"predict_set is for one of the 2 targets"):
        classifier.predict_set(X, 0.9)
    with pytest.raises(ValueError, match="partial_fit is for one target, but y has 3"):
        FNNRegressor(**SMALL).fit(X, NUMBERS).partial_fit(X, NUMBERS)
