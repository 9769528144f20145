"""The estimators behave as scikit-learn's do: they pass its checks, and work in its tools."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

from fnnctl import FnnctlError, FnnctlWarning
from fnnctl.sklearn import FNNClassifier, FNNRegressor, FNNSearchClassifier, FNNSearchRegressor
from fnnctl.text import install_command
from tests.messages import Messages

pytestmark = [
    pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SMALL: dict[str, Any] = {
    "recipe": "classic", "hidden_layer_sizes": (20,), "learning_rate_init": 0.02, "early_stopping": False,
    "max_iter": 60,
}  # fmt: skip
HELD_OUT = {"data.split.validation": 0.2}
SPACE = {"training.l2": {"log_uniform": [1e-6, 1e-2]}}
SMALL_SEARCH: dict[str, Any] = {"recipe": "classic", "space": SPACE, "method": "random", "budget": 2}
TINY_TABLES = {
    "model.hidden": [20],
    "training.epochs": 30,
    "training.optimizer.learning_rate": 0.01,
    "training.early_stopping": None,
}
X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
DIABETES = load_diabetes(return_X_y=True)
WEIGHTS = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
ESTIMATORS = [
    FNNClassifier(**SMALL),
    FNNRegressor(**SMALL),
    # Some checks have a class of one row, which cannot be divided, or leave one row to the validation part.
    FNNSearchClassifier(**SMALL_SEARCH, settings={**TINY_TABLES, "data.split.stratify": False}),
    FNNSearchRegressor(**SMALL_SEARCH, settings={**TINY_TABLES, "search.objective.metric": "rmse"}),
]


def expected_failures(estimator: Any) -> dict[str, str]:
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "batches and scaling are those of the rows; scikit-learn's MLP is checked with full batches only"
        )
    }


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)  # type: ignore[untyped-decorator]
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_weights_are_repetitions_in_full_batches_without_scaling() -> None:
    """As scikit-learn checks its own MLPClassifier, with lbfgs."""
    settings = {"training.optimizer": "lbfgs", "data.scaling": "none"}
    check_sample_weight_equivalence_on_dense_data(
        "FNNClassifier", FNNClassifier(**{**SMALL, "learning_rate_init": None}, alpha=1e-3, settings=settings)
    )


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("estimator", "peer", "target"),
    [
        (FNNClassifier, MLPClassifier, y),
        (FNNRegressor, MLPRegressor, (X[:, 0] ** 2 - 1) / (X[:, 0] ** 2).std()),
    ],
)
def test_alpha_is_that_of_scikit_learn(estimator: Any, peer: Any, target: Any, weights: Any) -> None:
    """A network that is trained to the end is a minimum for scikit-learn's MLP, too, which stays there."""
    alpha = 2.0
    precise = {"name": "lbfgs", "gradient_tolerance": 1e-7}
    shape: dict[str, Any] = {"hidden_layer_sizes": (5,), "activation": "tanh"}
    ours = estimator(
        recipe="classic", alpha=alpha, early_stopping=False, max_iter=3000, **shape,
        settings={"training.optimizer": precise, "data.scaling": "none"},
    ).fit(X, target, weights)  # fmt: skip
    arrays = ours.run_.folder.read_model().arrays
    assert ours.n_iter_ < 3000

    def gradient(alpha: float) -> float:
        """How far one small step of gradient descent moves scikit-learn's weights, per unit of its rate."""
        rate = 1e-3
        theirs = peer(
            **shape, solver="sgd", momentum=0, alpha=alpha, learning_rate_init=rate, max_iter=1,
            batch_size=len(X), warm_start=True, shuffle=False,
        )  # fmt: skip
        theirs.fit(X, target, weights)
        theirs.coefs_ = [arrays[f"weights_{layer}"].T.copy() for layer in (1, 2)]
        theirs.intercepts_ = [arrays[f"biases_{layer}"].copy() for layer in (1, 2)]
        theirs.fit(X, target, weights)
        moved = [theirs.coefs_[layer - 1] - arrays[f"weights_{layer}"].T for layer in (1, 2)]
        return max(float(abs(step).max()) for step in moved) / rate

    assert gradient(alpha) < 1e-6
    assert gradient(1.01 * alpha) > 1e-5


NEURAL_TANGENT = {"training.parametrization": "neural_tangent"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"hidden_layer_sizes": 7}, {"model.hidden.0.units": 7}),
        ({"hidden_layer_sizes": (8, 4), "random_state": 9}, {"model.hidden.1.units": 4, "seed": 9}),
        (
            {"activation": "tanh", "batch_size": 20},
            {"model.activation.name": "tanh", "training.batch_size": 20},
        ),
        ({"learning_rate_init": 0.01}, {"training.optimizer.learning_rate": 0.01}),
        ({"learning_rate_init": 0.01}, {"training.parametrization": "standard"}),
        ({"learning_rate_init": 0.01, "settings": NEURAL_TANGENT}, NEURAL_TANGENT),
        (
            {"learning_rate_init": 0.01, "settings": {"training": {"parametrization": "neural_tangent"}}},
            NEURAL_TANGENT,
        ),
        ({"max_iter": 2, "settings": {"training.epochs": 3}}, {"training.epochs": 2, "data.split.test": 0}),
        ({"early_stopping": True}, {"training.early_stopping.patience": 10}),
        ({"early_stopping": False}, {"training.early_stopping": None}),
        ({"early_stopping": False, "recipe": "classic"}, {"data.split.validation": 0}),
        ({"tol": 0.01}, {"training.convergence": {"tolerance": 0.01, "patience": 10}}),
        ({"n_iter_no_change": 3}, {"training.convergence": {"tolerance": 1e-4, "patience": 3}}),
        ({"n_iter_no_change": np.inf}, {"training.convergence": None}),
        ({"tol": 0.01, "early_stopping": True}, {"training.early_stopping.tolerance": 0.01}),
        ({"tol": 0.01, "early_stopping": True}, {"training.convergence": None}),
        ({"n_iter_no_change": 3, "early_stopping": True}, {"training.early_stopping.patience": 3}),
        ({"n_iter_no_change": np.inf, "early_stopping": True}, {"training.early_stopping.patience": None}),
        ({"class_weight": "balanced"}, {"training.class_weights": "balanced"}),
        ({"class_weight": {np.int64(2): np.float64(5)}}, {"training.class_weights": {"2": 5.0}}),
        ({"activation": np.str_("tanh")}, {"model.activation.name": "tanh"}),
        ({"hidden_layer_sizes": np.array([8, 4]), "random_state": np.int64(9)}, {"seed": 9}),
        ({"settings": {"training.l2": np.float64(0.1), "model.dropout": 0.2}}, {"training.l2": 0.1}),
    ],
)
def test_parameters_are_settings(parameters: dict[str, Any], expected: dict[str, Any]) -> None:
    short: Any = {"max_iter": 1, "settings": {"model.ensemble": 1}} | parameters
    config = FNNClassifier(**short).fit(X, y).run_.config
    for path, value in expected.items():
        setting: Any = config
        for key in path.split("."):
            setting = setting[int(key) if key.isdigit() else key]
        assert (path, setting) == (path, value)


def test_defaults_are_those_of_the_recipe() -> None:
    config = FNNRegressor(max_iter=1).fit(*DIABETES).run_.config
    assert (config["recipe"], config["model"]["ensemble"]["members"], config["seed"]) == ("default", 8, 0)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1]), np.array([1.0, 2.0]), np.array([True, False]), np.array(["yes", "no"]),
        np.array(["NA", "?"], object), np.array(["a", " a"], object), np.array(["1,5", "1.5"]),
    ],
)  # fmt: skip
def test_classes_have_their_type_and_order(labels: Any) -> None:
    target = labels[np.minimum(y, 1)]
    classifier = FNNClassifier(**SMALL).fit(X, target)
    np.testing.assert_array_equal(classifier.classes_, np.unique(labels))
    assert classifier.classes_.dtype == np.unique(target).dtype
    assert classifier.predict(X).dtype == classifier.classes_.dtype
    probabilities = classifier.predict_proba(X)
    second = target == classifier.classes_[1]
    assert probabilities[second, 1].min() > probabilities[~second, 1].max()
    assert classifier.score(X, target) == 1


def test_seeds() -> None:
    def fitted(seed: Any) -> Any:
        return FNNClassifier(**SMALL, random_state=seed).fit(X, y).predict_proba(X)

    np.testing.assert_array_equal(fitted(None), fitted(0))
    np.testing.assert_array_equal(fitted(np.random.RandomState(5)), fitted(np.random.RandomState(5)))
    assert not np.array_equal(fitted(1), fitted(0))
    generator = np.random.RandomState(5)
    assert not np.array_equal(fitted(generator), fitted(generator))


def test_a_column_without_values_is_left_out() -> None:
    empty = np.insert(X, 1, np.nan, axis=1)
    classifier = FNNClassifier(**SMALL).fit(empty, y)
    assert classifier.n_features_in_ == 5
    filled = np.insert(X, 1, 7.0, axis=1)
    np.testing.assert_array_equal(classifier.predict_proba(filled), classifier.predict_proba(empty))


def test_loss_curve_and_progress(capsys: pytest.CaptureFixture[str]) -> None:
    classifier = FNNClassifier(**SMALL, verbose=True).fit(X, y)
    assert (classifier.n_iter_, len(classifier.loss_curve_)) == (60, 60)
    assert classifier.loss_curve_[-1] < classifier.loss_curve_[0]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{epoch} of 60 epochs" for epoch in range(6, 61, 6)]
    FNNClassifier(**SMALL).fit(X, y)
    assert capsys.readouterr() == ("", "")


WRONG: dict[str, Callable[[], object]] = {
    "a value": lambda: FNNClassifier(activation="rellu").fit(X, y),
    "a number": lambda: FNNClassifier(alpha="x").fit(X, y),  # type: ignore[arg-type]
    "a setting": lambda: FNNRegressor(settings={"training.epohs": 3}).fit(X, y),
    "a source": lambda: FNNClassifier(settings={"data.source": "iris"}).fit(X, y),
    "a test file": lambda: FNNClassifier(settings={"data.test_source": "t.csv"}).fit(X, y),
    "a target": lambda: FNNClassifier(settings={"data": {"target": "y", "scaling": "none"}}).fit(X, y),
    "a class": lambda: FNNClassifier(class_weight={7: 1}).fit(X, y),
    "one class": lambda: FNNClassifier().fit(X, np.zeros(len(X), int)),
    "missing classes": lambda: FNNClassifier().fit(X[:4], np.array(["a", None, "b", "a"], object)),
    "a space": lambda: FNNSearchClassifier(space={"training.l3": {"uniform": [0, 1]}}).fit(X, y),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_parameters_are_value_errors_with_the_words_of_settings(name: str, messages: Messages) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        WRONG[name]()
    messages.check(raised.value)


def test_a_value_error_has_its_cause() -> None:
    with pytest.raises(ValueError, match=r"^model\.activation: ") as raised:
        FNNClassifier(activation="rellu").fit(X, y)
    assert isinstance(raised.value.__cause__, FnnctlError)
    with pytest.raises(NotFittedError):
        FNNRegressor().predict(X)


def test_in_pipelines_searches_and_cross_validations() -> None:
    classifier = FNNClassifier(**SMALL)
    pipeline = make_pipeline(StandardScaler(), classifier)
    assert cross_val_score(pipeline, X, y, cv=2).mean() > 0.9
    search = GridSearchCV(
        pipeline, {"fnnclassifier__hidden_layer_sizes": [(2,), (10,)]}, cv=2, n_jobs=2, scoring="neg_log_loss"
    ).fit(X, y)
    alone = GridSearchCV(pipeline, search.param_grid, cv=2, scoring="neg_log_loss").fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert clone(classifier).get_params() == classifier.get_params()


@pytest.mark.parametrize(
    ("parameters", "warns"),
    [
        ({"recipe": "classic", "max_iter": 3}, True),
        ({"recipe": "classic", "max_iter": 3, "settings": {"training.optimizer": "lbfgs"}}, True),
        ({"recipe": "classic", "max_iter": 3, "early_stopping": False, "tol": 1e-4}, True),
        ({"recipe": "classic", "max_iter": 300, "early_stopping": False, "tol": 0.5}, False),
        ({"recipe": "classic", "max_iter": 3, "early_stopping": False}, False),  # all epochs are wanted
        ({"recipe": "fast", "max_iter": 3}, False),  # the learning rate has fallen to its end
    ],
)
def test_a_training_that_may_end_but_does_not_has_the_warning_of_scikit_learn(
    parameters: dict[str, Any], warns: bool
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        FNNRegressor(**parameters).fit(*DIABETES)
    told = [warning for warning in caught if warning.category is ConvergenceWarning]
    assert [warning.filename for warning in told] == [__file__] * warns


def test_tol_ends_training_as_in_scikit_learn() -> None:
    """After more than ten epochs in a row whose loss is not lower than the best one by `tol`."""
    classifier = FNNClassifier(recipe="classic", early_stopping=False, max_iter=500, tol=0.05).fit(X, y)
    losses = np.array(classifier.loss_curve_)
    assert 11 < classifier.n_iter_ < 500
    is_better = [loss < min([np.inf, *losses[:k]]) - 0.05 for k, loss in enumerate(losses)]
    assert is_better[-12:] == [True] + [False] * 11


def test_a_grid_of_numpy() -> None:
    """The values of such a grid are numbers of NumPy, as are the weights and keys of classes."""
    grid = {
        "alpha": np.logspace(-4, -1, 2),
        "learning_rate_init": np.array([0.02], np.float32),
        "class_weight": [{np.int64(0): np.float64(2)}],
    }
    search = GridSearchCV(FNNClassifier(**SMALL), grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.9


@pytest.mark.filterwarnings("default::fnnctl.FnnctlWarning")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_search_of_scikit_learn_warns_once(n_jobs: int | None) -> None:
    """About the fit on all rows; none of the warnings is about settings that arrays do not have."""
    rows, labels = np.repeat(X, 2, axis=0), np.repeat(y, 2)
    search = GridSearchCV(
        FNNClassifier(recipe="fast", max_iter=30), {"alpha": [1e-3, 1e-2]}, cv=2, n_jobs=n_jobs
    )
    with pytest.warns(FnnctlWarning, match="more than once") as caught:
        search.fit(rows, labels)
    (warning,) = (str(each.message) for each in caught)
    assert "data.split" not in warning


@pytest.mark.filterwarnings("default::fnnctl.FnnctlWarning")
def test_without_a_fit_on_all_rows_each_fit_warns() -> None:
    """No other fit would have the warning."""
    rows, labels = np.repeat(X, 2, axis=0), np.repeat(y, 2)
    search = GridSearchCV(
        FNNClassifier(recipe="fast", max_iter=30), {"alpha": [1e-3, 1e-2]}, cv=2, refit=False
    )
    with pytest.warns(FnnctlWarning) as caught:
        search.fit(rows, labels)
    assert len(caught) == 4
    with pytest.warns(FnnctlWarning) as caught:
        cross_val_score(search.estimator, rows, labels, cv=2)
    assert len(caught) == 2


def test_calibration_and_importance() -> None:
    calibrated = CalibratedClassifierCV(FNNClassifier(**SMALL), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.9
    regressor = FNNRegressor(**SMALL).fit(*DIABETES)
    importance = permutation_importance(regressor, *DIABETES, n_repeats=2, random_state=0)
    assert importance.importances_mean.argmax() in {2, 8}  # bmi and s5


def test_pickles_predict_elsewhere() -> None:
    classifier = FNNClassifier(**SMALL).fit(X, y)
    code = (
        "import pickle, sys; estimator, rows = pickle.load(sys.stdin.buffer); "
        "assert estimator.run_.metrics['train']['accuracy'] > 0.9; "
        "sys.stdout.buffer.write(pickle.dumps(estimator.predict_proba(rows)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps((classifier, X)), capture_output=True, check=True
    )
    np.testing.assert_array_equal(pickle.loads(done.stdout), classifier.predict_proba(X))


def test_a_search_is_an_estimator() -> None:
    search = FNNSearchClassifier(
        SPACE, method="random", budget=4, recipe="classic", settings={"training.epochs": 5}
    )
    fitted = clone(search).fit(X, y)
    assert len(fitted.results_["trial"]) == 4
    assert fitted.best_score_ == max(fitted.results_["objective"])
    assert fitted.best_params_ == {"training.l2": fitted.results_["training.l2"][0]}
    np.testing.assert_array_equal(fitted.predict_proba(X), fitted.run_.best.predictor.predict_proba(X))
    parallel = clone(search).set_params(n_jobs=2).fit(X, y)
    assert parallel.results_ == fitted.results_
    np.testing.assert_array_equal(parallel.predict_proba(X), fitted.predict_proba(X))
    winner = FNNClassifier(recipe="classic", max_iter=5, settings=fitted.best_params_).fit(X, y)
    assert winner.run_.config["training"]["l2"] == fitted.best_params_["training.l2"]


def test_without_a_space_it_predicts_with_the_ensemble() -> None:
    settings = {"training.epochs": 3, "model.ensemble": 2}
    fitted = FNNSearchClassifier(budget=3, settings=settings).fit(X, y)
    assert len(fitted.results_["trial"]) == 3
    assert "training.l2" in fitted.best_params_
    assert fitted.run_.ensemble is not None
    np.testing.assert_array_equal(fitted.predict_proba(X), fitted.run_.ensemble.predictor.predict_proba(X))


def test_a_budget_limits_brackets_too() -> None:
    search = FNNSearchRegressor(SPACE, budget=3, recipe="classic", settings={"training.epochs": 9})
    assert len(search.fit(*DIABETES).results_["trial"]) == 3


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith(("sklearn.", "fnnctl.sklearn")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        import_module("fnnctl.sklearn")
    assert str(caught.value).startswith("fnnctl.sklearn needs scikit-learn: ")
    assert str(caught.value).endswith(install_command("scikit-learn"))


@pytest.mark.extra
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_go_in_raw(library: str) -> None:
    """Categories, texts, dates and missing values; the columns that no network can use, too."""
    frames = pytest.importorskip(library)
    rng = np.random.default_rng(0)
    count = 90
    kinds = rng.choice(["low", "high"], count)
    frame = frames.DataFrame(
        {
            "number": np.where(rng.random(count) < 0.1, np.nan, rng.normal(size=count)),
            "kind": [None if i % 20 == 0 else kind for i, kind in enumerate(kinds)],
            "id": [f"row {i}" for i in range(count)],
            "empty": [None] * count,
            "y": rng.integers(0, 9, count),
        }
    )
    target = frames.DataFrame({"y": kinds})["y"]
    classifier = FNNClassifier(**SMALL).fit(frame, target)
    assert classifier.feature_names_in_.tolist() == ["number", "kind", "id", "empty", "y"]
    assert classifier.run_.predictor.feature_names == ("number", "y", "kind")
    assert classifier.run_.config["data"]["target"] == "y_"
    assert classifier.score(frame, kinds) > 0.9
    expected = classifier.predict_proba(frame)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict_proba(frame), expected)
    np.testing.assert_array_equal(classifier.predict_proba(frame[:1]), expected[:1])
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(frame[["number", "kind"]])
    assert cross_val_score(FNNClassifier(**SMALL), frame, kinds, cv=2).mean() > 0.8


@pytest.mark.extra
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_transformers_and_arrays_are_alike(library: str) -> None:
    pytest.importorskip(library)
    scaler = StandardScaler().set_output(transform=library)
    regressor = make_pipeline(scaler, FNNRegressor(**SMALL)).fit(*DIABETES)
    rows, _ = DIABETES
    with pytest.warns(UserWarning, match="valid feature names"):
        predicted = regressor[-1].predict(np.asarray(scaler.transform(rows)))
    np.testing.assert_array_equal(predicted, regressor.predict(rows))
    on_array = FNNRegressor(**SMALL).fit(np.asarray(scaler.transform(rows)), DIABETES[1])
    np.testing.assert_allclose(on_array.predict(np.asarray(scaler.transform(rows))), predicted, rtol=1e-5)


def test_intervals_of_a_regressor() -> None:
    """The validation rows have no part in the weights, and their errors are the width."""
    model = FNNRegressor(**SMALL, settings=HELD_OUT).fit(*DIABETES)
    ends, estimates = model.predict_interval(DIABETES[0], 0.8), model.predict(DIABETES[0])
    assert ends.shape == (len(estimates), 2)
    assert np.all((ends[:, 0] <= estimates) & (estimates <= ends[:, 1]))
    with pytest.raises(ValueError, match=r"below 1, not '1\.5'"):
        model.predict_interval(DIABETES[0], 1.5)


def test_sets_have_the_order_of_the_classes() -> None:
    """As texts, 10 comes before 2 and 9."""
    labels = np.array([2, 9, 10])[y]
    model = FNNClassifier(**SMALL, settings=HELD_OUT).fit(X, labels)
    inside = model.predict_set(X, 0.8)
    assert inside[np.arange(len(X)), model.predict_proba(X).argmax(axis=1)].all()
    assert inside.sum(axis=1).mean() < 2
