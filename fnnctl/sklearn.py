"""scikit-learn estimators: experiments with the parameters, attributes and manners of scikit-learn.

    >>> from sklearn.datasets import load_iris
    >>> from fnnctl.sklearn import FNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> FNNClassifier(recipe="fast").fit(X, y).score(X, y) > 0.9
    True

`fit` is `Experiment.train` or `Experiment.search` on all rows, without a test part and in memory, and `run_`
is what it returns. This is the only file that imports scikit-learn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fnnctl.api.experiment import Experiment
from fnnctl.api.observer import Observer
from fnnctl.api.run import Run
from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.data.feature_array import default_names, label_text
from fnnctl.data.tables.memory_table import is_frame
from fnnctl.errors import InputError
from fnnctl.text import install_command

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"fnnctl.sklearn needs scikit-learn: {install_command('scikit-learn')}", name=error.name
    ) from error

__all__ = ["FNNClassifier", "FNNRegressor", "FNNSearchClassifier", "FNNSearchRegressor"]

_SEEDS: Final = 2**31
"""Seeds drawn from a random state are below this number, which every platform's integers can hold."""
_PATIENCE: Final = 10
"""Epochs without improvement before `early_stopping=True` ends the training: as many as in scikit-learn."""


class _Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What all estimators share: data in, an experiment run on them, rows in."""

    run_: Run
    loss_curve_: list[Any]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all rows.

        Args:
            X: An array of numbers (n, p), or a data frame with numbers, categories, texts and dates. Values
                may be missing.
            y: The targets, (n,).
            sample_weight: The weight of each row in the loss, (n,).

        Raises `ValueError` if parameters or data are wrong, and `DivergedError` if the loss is not finite.
        """
        rows = self._checked(X, y, fits=True)
        targets = column_or_1d(y, warn=True)
        check_consistent_length(rows, targets)
        data: tuple[Any, ...] = rows, self._encoded(targets)
        if sample_weight is not None:
            data = *data, _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
        with _input_as_value_errors():
            self.run_ = self._run(Experiment(self._settings()), data)
        history = self.run_.history
        self.n_iter_ = len(history["epoch"])
        self.loss_curve_ = history["train_loss"]
        return self

    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The targets as an experiment gets them."""
        raise NotImplementedError

    def _settings(self) -> dict[str, Any]:
        """The settings of the experiment by path. Parameters that are None leave theirs to the recipe."""
        settings: dict[str, Any] = {**(self.settings or {}), "data.split.test": 0}
        if self.recipe is not None:
            settings["recipe"] = self.recipe
        if self.random_state is not None:
            settings["seed"] = _seed(self.random_state)
        return settings

    def _run(self, experiment: Experiment, data: tuple[Any, ...]) -> Run:
        """Run the experiment on (X, y) or (X, y, weights)."""
        raise NotImplementedError

    @property
    def _observer(self) -> Observer | None:
        return _Printer() if self.verbose else None

    def _checked(self, X: Any, y: Any = None, *, fits: bool = False) -> Any:
        """A data frame as it is, if `fit` had one; anything else as an array of floating-point numbers."""
        if fits:
            validate_data(self, X, y, skip_check_array=True)  # refuses y=None
            self._columns = [*map(_text, _column_names(X))] if is_frame(X) else None
        if self._columns is not None and is_frame(X):
            validate_data(self, X, reset=fits, skip_check_array=True)
            return X
        return validate_data(
            self,
            X,
            reset=fits,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if fits else 1,
        )

    def _new_rows(self, X: Any) -> Any:
        """Rows as the predictor gets them: without columns that the network does not use."""
        check_is_fitted(self)
        rows, used = self._checked(X), self.run_.predictor.feature_names
        if is_frame(rows):
            return _with_columns(rows, used)
        if self._columns is None:
            columns = default_names(self.n_features_in_)
            return rows if used == columns else rows[:, [columns.index(name) for name in used]]
        return {name: column for name, column in zip(self._columns, rows.T, strict=True) if name in used}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


class _Classifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Classes of any type: the experiment gets them as texts."""

    classes_: npt.NDArray[Any]

    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        try:
            check_classification_targets(y)
            self.classes_, numbers = np.unique(y, return_inverse=True)
        except TypeError as error:  # what cannot be sorted
            raise ValueError("y has values of several types, or missing ones") from error
        if len(self.classes_) == 1:
            raise ValueError(f"y has one class, {str(self.classes_[0])!r}: two or more are needed")
        self._texts = _class_texts(self.classes_)
        return np.array(self._texts, object)[numbers]

    def _settings(self) -> dict[str, Any]:
        settings = {**super()._settings(), "data.task": "classification"}
        weights = self.class_weight
        if isinstance(weights, Mapping):
            text_of = dict(zip(self.classes_.tolist(), self._texts, strict=True))
            if unknown := [label for label in weights if label not in text_of]:
                raise ValueError(f"class_weight has a weight of {unknown[0]!r}, which is no class of y")
            weights = {text_of[label]: weight for label, weight in weights.items()}
        if weights is not None:
            settings["training.class_weights"] = weights
        return settings

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each row, (n,)."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            texts = self.run_.predictor.predict(rows)
        number_of = {text: number for number, text in enumerate(self._texts)}
        return self.classes_[[number_of[text] for text in texts.tolist()]]

    def predict_proba(self, X: Any) -> FloatArray:
        """The probabilities of `classes_`, (n, classes)."""
        rows, predictor = self._new_rows(X), self.run_.predictor
        with _input_as_value_errors():
            probabilities = predictor.predict_proba(rows)
        classes = predictor.classes or ()
        return probabilities[:, [classes.index(text) for text in self._texts]]

    def predict_log_proba(self, X: Any) -> FloatArray:
        """The logarithms of the probabilities, (n, classes)."""
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float64).tiny))

    def decision_function(self, X: Any) -> FloatArray:
        """The log odds of the second of two classes, (n,); of more, the logarithms of their probabilities."""
        logs = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs


class _Regressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return numbers

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "data.task": "regression"}

    def predict(self, X: Any) -> FloatArray:
        """The value of each row, (n,)."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            return self.run_.predictor.predict(rows)


class _Trained(_Estimator):
    """Trains the experiment."""

    def _settings(self) -> dict[str, Any]:
        settings, sizes = super()._settings(), self.hidden_layer_sizes
        chosen = {
            "model.hidden": [sizes] if isinstance(sizes, int | np.integer) else sizes,
            "model.activation": self.activation,
            "training.batch_size": self.batch_size,
            "training.optimizer.learning_rate": self.learning_rate_init,
            "training.epochs": self.max_iter,
        }
        settings |= {path: value for path, value in chosen.items() if value is not None}
        if self.learning_rate_init is not None:
            # scikit-learn's rate is one of this parametrization
            settings.setdefault("training.parametrization", "standard")
        if self.early_stopping:
            settings["training.early_stopping.patience"] = _PATIENCE
        elif self.early_stopping is not None:
            settings["training.early_stopping"] = None
            if self.recipe == "classic":  # nothing else in it needs validation rows
                settings.setdefault("data.split.validation", 0)
        return settings

    def _run(self, experiment: Experiment, data: tuple[Any, ...]) -> Run:
        if self.alpha is not None:
            experiment = experiment.set("training.l2", self.alpha / _batch_weight(experiment, data))
        return experiment.train(data, observer=self._observer)


def _batch_weight(experiment: Experiment, data: tuple[Any, ...]) -> float:
    """The sum of the weights of a batch's rows, on average: scikit-learn divides the penalty by it."""
    rows = experiment.batch_rows(data)
    return rows * float(np.mean(data[2])) if len(data) > 2 else rows


class _Searched(_Estimator):
    """Searches the experiment's space."""

    def _settings(self) -> dict[str, Any]:
        chosen = {"search.space": self.space, "search.method": self.method, "search.trials": self.budget}
        given = {path: value for path, value in chosen.items() if value is not None}
        return {**super()._settings(), **given}

    def _run(self, experiment: Experiment, data: tuple[Any, ...]) -> Run:
        run = experiment.search(
            data,
            max_trials=self.budget,  # brackets do not count trials: they only stop there
            time_limit=self.time_limit,
            workers=effective_n_jobs(self.n_jobs),
            observer=self._observer,
        )
        self.best_params_ = run.best_settings
        self.results_ = run.leaderboard
        self.best_score_ = self.results_["objective"][0]
        return run


class FNNClassifier(_Classifier, _Trained):
    """A classifier that is an experiment of fnnctl. A parameter that is None is left to the recipe.

    Args:
        recipe: "default", "fast" or "classic": what all settings are that nothing else sets.
        hidden_layer_sizes: The units of each hidden layer (`model.hidden`).
        activation: Of the hidden layers, such as "relu", "tanh", "logistic" or "identity".
        alpha: The L2 penalty as in scikit-learn, which adds ½·alpha·‖W‖² / (rows of the batch) to the loss of
            a batch: `training.l2` is alpha divided by the sum of the weights of a batch's rows.
        batch_size: Rows per step, or "auto": 200, or all rows if there are fewer.
        learning_rate_init: The learning rate, with `training.parametrization: standard`.
        max_iter: The largest number of epochs.
        early_stopping: True ends the training after 10 epochs without a lower validation loss; False never.
        class_weight: "balanced", or the weight of each class in the loss. They change which class is
            predicted; `predict_proba` stays calibrated.
        random_state: The seed (None: 0, so that equal fits are equal), or a `RandomState` to draw it from.
        settings: All other settings, by their paths: `{"model.dropout": 0.2}`. Parameters go before.
        verbose: Whether to print progress.

    After `fit`:
        classes_: The classes, sorted, (classes,).
        n_features_in_: The number of columns.
        feature_names_in_: Their names, if X was a data frame with texts as names.
        n_iter_: The number of trained epochs.
        loss_curve_: The training loss after each epoch.
        run_: The `fnnctl.Run`, with metrics, history, report and predictor.

    """

    def __init__(
        self,
        *,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        alpha: float | None = None,
        batch_size: int | str | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        early_stopping: bool | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        verbose: bool = False,
    ) -> None:
        self.recipe = recipe
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.class_weight = class_weight
        self.random_state = random_state
        self.settings = settings
        self.verbose = verbose


class FNNRegressor(_Regressor, _Trained):
    """A regressor that is an experiment of fnnctl. A parameter that is None is left to the recipe.

    Parameters and attributes are those of `FNNClassifier`, without classes and their weights. The network is
    trained on the standardized target, so `alpha` is that of scikit-learn for such a target.
    """

    def __init__(
        self,
        *,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        alpha: float | None = None,
        batch_size: int | str | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        early_stopping: bool | None = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        verbose: bool = False,
    ) -> None:
        self.recipe = recipe
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.random_state = random_state
        self.settings = settings
        self.verbose = verbose


class FNNSearchClassifier(_Classifier, _Searched):
    """A classifier whose settings are searched; it predicts with the winner, refitted on all rows.

    Args:
        space: The searched settings, from their paths to their domains:
            `{"training.l2": {"log_uniform": [1e-6, 1e-2]}}`.
        method: Of the search, such as "random", "bayes" or "evolution" (None: "hyperband").
        budget: The number of trials (None: the method's plan). A count: equal searches have equal results.
        time_limit: Seconds after which no trial begins; the results then depend on the machine.
        n_jobs: The number of processes, as in scikit-learn; it changes no result.
        recipe, class_weight, random_state, settings, verbose: As of `FNNClassifier`.

    After `fit`:
        best_params_: The settings of the winner, by path: `FNNClassifier(settings=best_params_)` has them.
        best_score_: The objective of the best trial.
        results_: The leaderboard, best trial first, as a dict of columns.
        run_: The `fnnctl.Run` of the search; `run_.best` is that of the winner.
        classes_, n_features_in_, feature_names_in_: As of `FNNClassifier`.
        n_iter_, loss_curve_: Those of the winner.

    """

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        *,
        method: Any = None,
        budget: int | None = None,
        time_limit: float | None = None,
        recipe: str | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.space = space
        self.method = method
        self.budget = budget
        self.time_limit = time_limit
        self.recipe = recipe
        self.class_weight = class_weight
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose


class FNNSearchRegressor(_Regressor, _Searched):
    """A regressor whose settings are searched; it predicts with the winner, refitted on all rows.

    Parameters and attributes are those of `FNNSearchClassifier`, without classes and their weights.
    """

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        *,
        method: Any = None,
        budget: int | None = None,
        time_limit: float | None = None,
        recipe: str | None = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.space = space
        self.method = method
        self.budget = budget
        self.time_limit = time_limit
        self.recipe = recipe
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose


class _Printer(Observer):
    """Prints a line after each tenth of the epochs."""

    def __init__(self) -> None:
        self._tenths = 0

    def progress(self, what: str, done: float, total: float) -> None:
        tenths = int(10 * done / total)
        if what == "training" and tenths > self._tenths:
            self._tenths = tenths
            sys.stdout.write(f"{done:,.0f} of {total:,.0f} epochs\n")


@contextmanager
def _input_as_value_errors() -> Iterator[None]:
    """Raise `ValueError`, as scikit-learn expects for wrong input, with the message of fnnctl's error."""
    try:
        yield
    except InputError as error:
        raise ValueError(error.message) from error


def _seed(random_state: Any) -> int:
    """An integer itself, else a number drawn from the random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_SEEDS - 1))


def _column_names(frame: Any) -> list[Any]:
    """The names of a data frame's columns; those of an Arrow table are not its `columns`."""
    return list(frame.column_names if hasattr(type(frame), "column_names") else frame.columns)


def _text(name: Any) -> str:
    """A column's name in an experiment."""
    return str(name).strip()


def _with_columns(frame: Any, used: Sequence[str]) -> Any:
    """The data frame, of any library, without its other columns."""
    names = _column_names(frame)
    kept = [name for name in names if _text(name) in used]
    if len(kept) == len(names):
        return frame
    return frame.select(kept) if hasattr(type(frame), "select") else frame[kept]


def _class_texts(classes: npt.NDArray[Any]) -> list[str]:
    """A text per class: its own, or its number where some would be equal or stand for a missing value."""
    texts = [label_text(label) for label in classes.tolist()]
    is_clear = len({*texts}) == len(texts) and not {*texts} & {*DEFAULT_MISSING_VALUES}
    return texts if is_clear else [str(number) for number in range(len(texts))]
