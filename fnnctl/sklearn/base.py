"""What all estimators share: their data become an experiment's, and its run predicts.

The only file that imports scikit-learn.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fnnctl.api.arguments import number
from fnnctl.api.experiment import Experiment
from fnnctl.api.observer import Observer
from fnnctl.api.plain_values import plain_value
from fnnctl.api.predictor import Predictor
from fnnctl.api.run import Run
from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.feature_array import default_names, label_text
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.data.tables.memory_table import is_frame
from fnnctl.errors import InputError
from fnnctl.text import install_command

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"fnnctl.sklearn needs scikit-learn: {install_command('scikit-learn')}", name=error.name
    ) from error

_SEEDS: Final = 2**31 - 1
"""Seeds drawn from a random state are below this number, which every platform's integers can hold."""
_PATIENCE: Final = 10
"""Epochs without improvement before `early_stopping=True` ends the training: as many as in scikit-learn."""


class Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What all estimators share: data in, an experiment run on them, rows in."""

    run_: Run
    _texts: Sequence[str]
    """The classes of an experiment, in the order of `classes_`."""
    loss_curve_: list[Any]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all rows. With `warm_start`, a second fit trains the networks of the first one on.

        Args:
            X: An array of numbers (n, p), or a data frame with numbers, categories, texts and dates. Values
                may be missing.
            y: The targets, (n,).
            sample_weight: The weight of each row in the loss, (n,).

        Raises `ValueError` if parameters or data are wrong, and `DivergedError` if the loss is not finite.
        """
        goes_on = getattr(self, "warm_start", False) and self._is_fitted
        return self._train(X, y, sample_weight, goes_on=goes_on)

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "run_")

    def _train(self, X: Any, y: Any, sample_weight: Any, *, goes_on: bool, classes: Any = None) -> Self:
        """Train on these rows, from nothing or from the networks that there are.

        `classes` may occur in later rows. A failure leaves an estimator that was to be trained on as it was.
        """
        attributes = dict(self.__dict__)
        try:
            rows = self._checked(X, y, fits=True, goes_on=goes_on)
            targets = column_or_1d(y, warn=True)
            check_consistent_length(rows, targets)
            data: tuple[Any, ...] = self._named(rows), self._encoded(targets, classes, goes_on=goes_on)
            if sample_weight is not None:
                data = *data, _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
            if not goes_on:
                self._target = _target_name(y, self._columns or ())
            settings = self._settings() | {"data.target": self._target}
            if goes_on:
                settings["training.warm_start"] = str(self.run_.folder.path)
            with _input_as_value_errors():
                memory = memory_data(data)
                if classes is not None:
                    memory = replace(memory, classes=tuple(self._texts))
                self.run_ = self._run(Experiment(settings), memory)
        except BaseException:  # also Ctrl-C: an estimator that was fitted stays as it was
            if goes_on:
                self.__dict__.update(attributes)
            raise
        history = self.run_.history
        self.n_iter_ = len(history["epoch"])
        self.loss_curve_ = history["train_loss"]
        return self

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        """The targets as an experiment gets them."""
        raise NotImplementedError

    def _settings(self) -> dict[str, Any]:
        """The settings of the experiment by path. Parameters that are None leave theirs to the recipe."""
        settings: dict[str, Any] = {**(self.settings or {}), "data.split.test": 0}
        for path in ("data.source", "data.test_source", "data.target"):
            if _sets(settings, path):
                raise ValueError(f"settings has {path}, but the data are the arguments of fit: leave it out")
        if self.recipe is not None:
            settings["recipe"] = self.recipe
        if self.random_state is not None:
            settings["seed"] = _seed(self.random_state)
        return settings

    def _run(self, experiment: Experiment, data: MemoryData) -> Run:
        """Run the experiment on these rows."""
        raise NotImplementedError

    @property
    def _observer(self) -> Observer:
        return (_SearchedPart if _is_part_of_search() else _Printer)(self.verbose)

    def _checked(self, X: Any, y: Any = None, *, fits: bool = False, goes_on: bool = False) -> Any:
        """A data frame as it is, if the first fit had one; anything else as an array of floating-point
        numbers.
        """
        is_first = fits and not goes_on
        if fits:
            validate_data(self, X, y, reset=is_first, skip_check_array=True)  # refuses y=None
        if is_first:
            self._columns = [*map(_text, _column_names(X))] if is_frame(X) else None
        if self._columns is not None and is_frame(X):
            validate_data(self, X, reset=is_first, skip_check_array=True)
            return X
        return validate_data(
            self,
            X,
            reset=is_first,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if is_first else 1,
        )

    def _named(self, rows: Any) -> Any:
        """Checked rows; of an array by the names of their columns, if the first fit had a data frame."""
        if self._columns is None or is_frame(rows):
            return rows
        return dict(zip(self._columns, rows.T, strict=True))

    def _new_rows(self, X: Any) -> Any:
        """Rows as the predictor gets them: without columns that the network does not use."""
        check_is_fitted(self, "run_")
        rows, predictor = self._checked(X), self.run_.predictor
        names, exposure = predictor.feature_names, predictor.exposure
        if exposure is not None and (not is_frame(rows) or exposure in map(_text, _column_names(rows))):
            names = (*names, exposure)
        if is_frame(rows):
            return _with_columns(rows, names)
        if self._columns is None:
            columns = default_names(self.n_features_in_)
            if exposure is not None:
                return {name: rows[:, columns.index(name)] for name in names}
            return rows if names == columns else rows[:, [columns.index(name) for name in names]]
        return {name: column for name, column in self._named(rows).items() if name in names}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Classes of any type: the experiment gets them as texts."""

    classes_: npt.NDArray[Any]

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        all_classes = present = _distinct(y, "y")
        if classes is not None:
            all_classes = _distinct(column_or_1d(classes), "classes")
            if unlisted := [label for label in present.tolist() if label not in all_classes.tolist()]:
                raise ValueError(f"y has the label {unlisted[0]!r}, which is not in classes")
        if goes_on:
            if _is_numeric(all_classes) != _is_numeric(self.classes_):
                kind = "numbers" if _is_numeric(self.classes_) else "texts"
                raise ValueError(f"the classes of y must be {kind}, as those of the fit that is trained on")
            text_of = dict(zip(self.classes_.tolist(), self._texts, strict=True))
            if new_labels := [label for label in all_classes.tolist() if label not in text_of]:
                for label in new_labels:
                    text_of[label] = _free_text(label, text_of.values())
                self.classes_ = np.union1d(self.classes_, all_classes)
                self._texts = [text_of[label] for label in self.classes_.tolist()]
        else:
            if len(all_classes) == 1:
                advice = "two or more are needed; partial_fit takes those of later calls as `classes`"
                raise ValueError(f"y has one class, {str(all_classes[0])!r}: {advice}")
            self.classes_, self._texts = all_classes, _class_texts(all_classes)
        return np.array(self._texts, object)[np.searchsorted(self.classes_, y)]

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
        return probabilities[:, self._class_order(predictor)]

    def predict_set(self, X: Any, coverage: float) -> npt.NDArray[np.bool_]:
        """Whether each of `classes_` is in the set of each row, (n, classes).

        The sets hold the true class in about this share of rows.
        """
        rows, predictor = self._new_rows(X), self.run_.predictor
        with _input_as_value_errors():
            inside = predictor.predict_set(rows, coverage)
        return inside[:, self._class_order(predictor)]

    def _class_order(self, predictor: Predictor) -> list[int]:
        """The positions of `classes_` in the predictor's classes."""
        classes = predictor.classes or ()
        return [classes.index(text) for text in self._texts]

    def predict_log_proba(self, X: Any) -> FloatArray:
        """The logarithms of the probabilities, (n, classes)."""
        return np.log(np.maximum(self.predict_proba(X), np.finfo(np.float64).tiny))

    def decision_function(self, X: Any) -> FloatArray:
        """The log odds of the second of two classes, (n,); of more, the logarithms of their probabilities."""
        logs = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Numbers, even if a classification would be detected."""

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return numbers

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "data.task": "regression"}

    def predict(self, X: Any) -> FloatArray:
        """The value of each row, (n,)."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            return self.run_.predictor.predict(rows)

    def predict_interval(self, X: Any, coverage: float) -> FloatArray:
        """The lower and upper ends, (n, 2), of intervals that hold the value in about this share of rows."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            return self.run_.predictor.predict_interval(rows, coverage)


class Trained(Estimator):
    """Trains the experiment."""

    def _settings(self) -> dict[str, Any]:
        settings, sizes = super()._settings(), self.hidden_layer_sizes
        parameters = {
            "model.hidden": [sizes] if isinstance(sizes, int | np.integer) else sizes,
            "model.activation": self.activation,
            "training.batch_size": self.batch_size,
            "training.optimizer.learning_rate": self.learning_rate_init,
            "training.epochs": self.max_iter,
        }
        settings |= {path: value for path, value in parameters.items() if value is not None}
        if self.learning_rate_init is not None and not _sets(settings, "training.parametrization"):
            settings["training.parametrization"] = "standard"  # scikit-learn's rate is for this one
        if self.early_stopping:
            settings |= self._stopping_rule("training.early_stopping", patience=_PATIENCE)
        else:
            settings |= self._stopping_rule("training.convergence", patience=None)
        if self.early_stopping is not None and not self.early_stopping:
            settings["training.early_stopping"] = None
            if self.recipe == "classic" and not _sets(settings, "data.split.validation"):
                settings["data.split.validation"] = 0  # nothing else in this recipe needs them
        return settings

    def _stopping_rule(self, section: str, *, patience: int | None) -> dict[str, Any]:
        """The settings of a rule that ends training, by `tol` and `n_iter_no_change`; infinity is never."""
        if self.n_iter_no_change == math.inf:
            return {f"{section}.patience": None} if self.early_stopping else {section: None}
        chosen = patience if self.n_iter_no_change is None else self.n_iter_no_change
        rule = {f"{section}.tolerance": self.tol, f"{section}.patience": chosen}
        return {path: value for path, value in rule.items() if value is not None}

    def _run(self, experiment: Experiment, data: MemoryData) -> Run:
        if self.alpha is not None:
            alpha = number("alpha", plain_value(self.alpha, ("alpha",)), least=0)
            experiment = experiment.set("training.l2", alpha / _batch_weight(experiment, data))
        run = experiment.train(data, workers=effective_n_jobs(self.n_jobs), observer=self._observer)
        training = TrainingConfig.model_validate(run.config["training"])
        if _is_cut_short(training, len(run.history["epoch"])):
            reached = f"Maximum iterations ({training.epochs:,}) reached"
            message = f"{reached} and the optimization hasn't converged yet: raise max_iter"
            warnings.warn(message, ConvergenceWarning, stacklevel=4)  # that of fit or partial_fit
        return run


def _is_cut_short(training: TrainingConfig, epochs: int) -> bool:
    """Whether a rule could have ended a training that had all its epochs.

    If the learning rate is planned for these epochs, the last one completes the training.
    """
    has_rule = training.may_end_early or isinstance(training.optimizer, LbfgsOptimizer)
    return has_rule and not training.is_planned and epochs == training.epochs


def _batch_weight(experiment: Experiment, data: MemoryData) -> float:
    """The sum of the weights of a batch's rows, on average: scikit-learn divides the penalty by it."""
    rows = experiment.batch_rows(data)
    return rows if data.weights is None else rows * float(np.mean(data.weights))


class Searched(Estimator):
    """Searches the experiment's space."""

    def _settings(self) -> dict[str, Any]:
        parameters = {"search.space": self.space, "search.method": self.method, "search.trials": self.budget}
        settings = {path: value for path, value in parameters.items() if value is not None}
        return {**super()._settings(), **settings}

    def _run(self, experiment: Experiment, data: MemoryData) -> Run:
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


class _Printer(Observer):
    """Prints a line after each tenth of the epochs, if it is `verbose`."""

    def __init__(self, verbose: bool) -> None:
        self._verbose, self._tenths = verbose, 0

    def progress(self, what: str, done: float, total: float) -> None:
        tenths = int(10 * done / total)
        if self._verbose and what == "training" and tenths > self._tenths:
            self._tenths = tenths
            sys.stdout.write(f"{done:,.0f} of {total:,.0f} epochs\n")


class _SearchedPart(_Printer):
    """Drops the warnings of a fit in a search: the fit on all rows at the search's end has them once."""

    def warning(self, text: str) -> None: ...


def _is_part_of_search() -> bool:
    """Whether a search of scikit-learn, which fits on all rows at its end, calls from its cross-validation.

    scikit-learn tells an estimator nothing of this, so the callers are looked at. In a worker process the
    search is not among them; there, every cross-validation counts as one of a search.
    """
    frame, is_part = sys._getframe(), False
    while frame.f_back is not None:
        frame = frame.f_back
        caller = frame.f_globals.get("__name__"), frame.f_code.co_name
        if caller == ("sklearn.model_selection._validation", "_fit_and_score"):
            is_part = True
        elif caller == ("sklearn.model_selection._validation", "cross_validate"):
            return False
        elif is_part and isinstance(search := frame.f_locals.get("self"), BaseSearchCV):
            return search.refit is not False
    return is_part


@contextmanager
def _input_as_value_errors() -> Iterator[None]:
    """Raise `ValueError`, as scikit-learn expects for wrong input, with the message of fnnctl's error."""
    try:
        yield
    except InputError as error:
        raise ValueError(error.message) from error


def _sets(settings: Mapping[str, Any], path: str) -> bool:
    """Whether settings have a value at a path, alone or in a section."""
    return path in settings or any(
        isinstance(value, Mapping) and path.startswith(f"{key}.") and _sets(value, path[len(key) + 1 :])
        for key, value in settings.items()
    )


def _seed(random_state: Any) -> int:
    """An integer itself, else a number drawn from the random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_SEEDS))


def _target_name(y: Any, columns: Sequence[str]) -> str:
    """The name of a series, or else `y`, and no column's."""
    name = getattr(y, "name", None)
    free = (isinstance(name, str) and name.strip()) or "y"
    while free in columns:
        free += "_"
    return free


def _column_names(frame: Any) -> list[Any]:
    """The names of a data frame's columns; those of an Arrow table are not its `columns`."""
    return list(frame.column_names if hasattr(type(frame), "column_names") else frame.columns)


def _text(name: Any) -> str:
    """A column's name in an experiment."""
    return str(name).strip()


def _with_columns(frame: Any, used: Sequence[str]) -> Any:
    """The data frame, of any library, without its other columns."""
    names = _column_names(frame)
    selection = [name for name in names if _text(name) in used]
    if len(selection) == len(names):
        return frame
    return frame.select(selection) if hasattr(type(frame), "select") else frame[selection]


def _distinct(labels: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """The sorted values of labels."""
    try:
        check_classification_targets(labels)
        return np.unique(labels)
    except TypeError as error:  # what cannot be sorted
        raise ValueError(f"{what} has values of several types, or missing ones") from error


def _is_numeric(classes: npt.NDArray[Any]) -> bool:
    return classes.dtype.kind in "biuf"


def _free_text(label: Any, taken: Iterable[str]) -> str:
    """The text of a further class, which no other one has and which stands for no missing value."""
    text, taken = label_text(label), {*taken, *DEFAULT_MISSING_VALUES}
    while text in taken:
        text += "_"
    return text


def _class_texts(classes: npt.NDArray[Any]) -> list[str]:
    """A text per class: its own, or its number where some would be equal or stand for a missing value."""
    texts = [label_text(label) for label in classes.tolist()]
    is_clear = len({*texts}) == len(texts) and not {*texts} & {*DEFAULT_MISSING_VALUES}
    return texts if is_clear else [str(number) for number in range(len(texts))]
