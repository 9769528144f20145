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

from fnnctl.sklearn import FNNClassifier, FNNRegressor, FNNSearchClassifier
from tests.messages import Messages

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


WRONG_TARGETS: dict[str, Any] = {
    "three axes": lambda: FNNRegressor().fit(X, np.ones((80, 2, 2))),
    "classes of a regressor": lambda: FNNRegressor(settings={"model.outputs.y1": "softmax"}).fit(X, NUMBERS),
    "classes of a regressor in a section": lambda: FNNRegressor(
        settings={"model": {"outputs": {"y1": {"name": "softmax"}}}}
    ).fit(X, NUMBERS),
    "numbers of a classifier": lambda: FNNClassifier(settings={"model.outputs": {"y0": "squared"}}).fit(
        X, CLASSES
    ),
}


@pytest.mark.parametrize("name", WRONG_TARGETS)
def test_what_is_wrong_with_targets_is_said_in_words_of_estimators(name: str, messages: Messages) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        WRONG_TARGETS[name]()
    messages.check(raised.value)


@pytest.mark.extra
def test_columns_of_y_have_different_names() -> None:
    frames = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="y has several columns 'p': rename them"):
        FNNRegressor().fit(X, frames.DataFrame(NUMBERS[:, :2], columns=["p", "p"]))


@pytest.mark.parametrize("further", [{}, {"activation": "tanh"}])
def test_outputs_of_some_targets_leave_the_others_numbers(further: dict[str, Any]) -> None:
    """Whole numbers would be classes by their values, also with other settings of the section."""
    section = {**further, "outputs": {"y1": "huber"}}
    regressor = FNNRegressor(**SMALL, settings={"model": section}).fit(X, NUMBERS)
    assert np.median(regressor.predict(X)[:, 2] % 1) > 0, "not classes"
    assert regressor.run_.config["model"]["outputs"]["y1"]["name"] == "huber"


BAGS: dict[str, Any] = {**SMALL, "settings": {"model.ensemble": {"members": 3, "bags": True}}}


def test_intervals_are_those_of_each_target() -> None:
    regressor = FNNRegressor(**BAGS).fit(X, NUMBERS)
    ends, predicted = regressor.predict_interval(X, 0.8), regressor.predict(X)
    assert ends.shape == (80, 3, 2)
    assert ((ends[..., 0] <= predicted) & (predicted <= ends[..., 1])).all()
    intervals = regressor.run_.predictor.of_target("y1").predict_interval(X, 0.8)
    np.testing.assert_array_equal(ends[:, 1], intervals)


@pytest.mark.parametrize("targets", [CLASSES, LABELS], ids=["classes", "labels"])
def test_sets_are_those_of_each_target(targets: Any) -> None:
    """A column of one class has a set of this class."""
    classifier = FNNClassifier(**BAGS).fit(X, targets)
    sets = classifier.predict_set(X, 0.9)
    assert [part.shape for part in sets] == [(80, len(np.unique(column))) for column in targets.T]
    assert sets[2].all()
    truth = np.searchsorted(np.unique(targets[:, 0]), targets[:, 0])
    assert sets[0][np.arange(80), truth].mean() > 0.8


STILL: dict[str, Any] = {"max_iter": 1, "learning_rate_init": 1e-30}
OLD, NEW = slice(0, 50), slice(50, 80)


@pytest.mark.parametrize(
    ("estimator", "targets"), [(FNNRegressor, NUMBERS), (FNNClassifier, CLASSES), (FNNClassifier, LABELS)]
)
def test_networks_are_trained_on(estimator: Any, targets: Any) -> None:
    """Without steps the predictions stay; a second fit and a partial fit are one."""
    model = estimator(**SMALL, warm_start=True).fit(X[OLD], targets[OLD])
    before = model.predict(X)
    still = pickle.loads(pickle.dumps(model)).set_params(**STILL).fit(X[NEW] + 1, targets[NEW])
    np.testing.assert_array_equal(still.predict(X), before)
    partly = estimator(**SMALL).partial_fit(X[OLD], targets[OLD]).partial_fit(X[NEW], targets[NEW])
    fitted = model.fit(X[NEW], targets[NEW])
    np.testing.assert_array_equal(partly.predict(X), fitted.predict(X))
    if estimator is FNNRegressor:
        assert fitted.score(X, targets) > 0.8
    else:
        assert (fitted.predict(X) == targets).mean() > 0.9


def test_labels_are_trained_on_as_by_scikit_learns_network() -> None:
    """A label that no row has yet may come later."""
    ours, theirs = FNNClassifier(**SMALL), MLPClassifier(max_iter=2)
    late = np.c_[LABELS[:, :2], X[:, 1] > 0].astype(int)
    for rows, targets in ((OLD, LABELS), (NEW, late)):
        ours.partial_fit(X[rows], targets[rows], classes=np.arange(3))
        theirs.partial_fit(X[rows], targets[rows], classes=np.arange(3))
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        assert ours.predict_proba(X).shape == theirs.predict_proba(X).shape
    assert (ours.partial_fit(X, late).predict(X) == late).mean() > 0.9


def test_new_classes_of_a_target_come_later() -> None:
    """The odds of the former ones stay, and the other targets are as they were."""
    early = CLASSES[:, 0] < 2
    model = FNNClassifier(**SMALL).fit(X[early], CLASSES[early])
    before = model.predict_log_proba(X)
    model.set_params(**STILL).partial_fit(X, CLASSES)
    assert [own.tolist() for own in model.classes_] == [[0, 1, 2], [3, 7], [5]]
    logs = model.predict_log_proba(X)
    odds, odds_before = (part[0][:, 1] - part[0][:, 0] for part in (logs, before))
    np.testing.assert_allclose(odds, odds_before, rtol=1e-4, atol=1e-4)
    # Not to the bit: the BLAS may add up in another order when the output has more columns.
    np.testing.assert_allclose(logs[1], before[1], rtol=1e-5, atol=1e-5)


def test_all_classes_may_be_named_first() -> None:
    """Then a column of one class has a network, too."""
    model = FNNClassifier(**SMALL)
    model.partial_fit(X[OLD], CLASSES[OLD], classes=[[0, 1, 2, 9], [3, 7], np.array([4, 5])])
    assert [part.shape[1] for part in model.predict_proba(X)] == [4, 2, 2]
    late = CLASSES.copy()
    late[X[:, 1] > 0, 2] = 4
    assert (model.partial_fit(X, late).predict(X)[:, 2] == late[:, 2]).mean() > 0.8


WRONG: dict[str, Any] = {
    "fewer columns": lambda model: model.partial_fit(X, CLASSES[:, :2]),
    "one column": lambda model: model.partial_fit(X, CLASSES[:, 0]),
    "classes of a constant column": lambda model: model.partial_fit(X, np.c_[CLASSES[:, :2], LABELS[:, 0]]),
    "texts": lambda model: model.partial_fit(X, CLASSES.astype(str)),
    "a list of one target": lambda model: model.partial_fit(X, CLASSES, classes=[0, 1, 2]),
    "a class that is not listed": lambda model: model.partial_fit(X, CLASSES, classes=[[0, 1], [3, 7], [5]]),
    "labels": lambda model: FNNClassifier(**SMALL).fit(X, LABELS).partial_fit(X, LABELS * 2),
    "classes of labels": lambda model: FNNClassifier(**SMALL).partial_fit(X, LABELS, classes=[0, 1]),
    "masked values": lambda model: model.fit(X, np.ma.masked_equal(CLASSES, 7)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_trained_on_leaves_the_estimator_as_it_was(name: str, messages: Messages) -> None:
    model = FNNClassifier(**SMALL).fit(X, CLASSES)
    predicted = model.predict(X)
    with pytest.raises(ValueError, match=r"\w") as raised:
        WRONG[name](model)
    messages.check(raised.value)
    np.testing.assert_array_equal(model.predict(X), predicted)


@pytest.mark.parametrize("targets", [CLASSES, LABELS], ids=["classes", "labels"])
def test_settings_are_searched(targets: Any) -> None:
    space = {"training.l2": {"log_uniform": [1e-6, 1e-2]}}
    fast = {"training.epochs": 30, "model.hidden": [20], "training.optimizer.learning_rate": 0.02}
    search = FNNSearchClassifier(space, method="random", budget=2, recipe="classic", settings=fast)
    search.fit(X, targets)
    assert [*search.best_params_] == ["training.l2"]
    assert (search.predict(X) == targets).mean() > 0.9


def test_sparse_labels_are_labels() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    model = FNNClassifier(**SMALL).fit(X, sparse.csr_array(LABELS))
    np.testing.assert_array_equal(model.predict(X), FNNClassifier(**SMALL).fit(X, LABELS).predict(X))


@pytest.mark.extra
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_columns_of_other_frames(library: str) -> None:
    frames = pytest.importorskip(library)
    targets = {"size": CLASSES[:, 0], "kind": np.where(X[:, 2] > 0, "yes", "no")}
    frame = frames.DataFrame(targets) if library == "polars" else frames.table(targets)
    model = FNNClassifier(**SMALL).fit(X, frame)
    assert model.run_.predictor.targets == ("size", "kind")
    assert (model.partial_fit(X, frame).predict(X)[:, 1] == targets["kind"]).mean() > 0.9
