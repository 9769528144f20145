"""What all estimators share: their data become an experiment's, and its run predicts.

The only file that imports scikit-learn.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fnnctl.api.experiment import Experiment
from fnnctl.api.observer import Observer
from fnnctl.api.predictor import Predictor
from fnnctl.api.run import Run
from fnnctl.arrays import FloatArray
from fnnctl.data.feature_array import default_names
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.data.tables.memory_table import is_frame
from fnnctl.errors import InputError
from fnnctl.sklearn.targets import (
    ClassTarget,
    as_text,
    class_texts,
    column_names,
    free_text,
    is_indicator,
    is_numeric,
    stacked,
    target_columns,
    target_names,
    with_columns,
)
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


class Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What all estimators share: data in, an experiment run on them, rows in."""

    run_: Run
    _targets: list[str]
    """The names of the experiment's targets."""
    _texts: Sequence[str]
    """The classes of an experiment, in the order of `classes_`."""
    loss_curve_: list[Any]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all rows. With `warm_start`, a second fit trains the networks of the first one on.

        Args:
            X: An array of numbers (n, p), or a data frame with numbers, categories, texts and dates. Values
                may be missing.
            y: The target, (n,); or several, (n, T), as an array or a data frame, which one network predicts.
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
            columns = target_columns(y)
            if columns and (goes_on or classes is not None):
                way = "warm_start" if getattr(self, "warm_start", False) else "partial_fit"
                raise ValueError(f"{way} is for one target, but y has {len(columns)}: call fit without it")
            if not goes_on:
                self._targets = target_names(y, len(columns) or 1, self._columns or ())
            if columns:
                check_consistent_length(rows, *columns)
                targets: Any = self._several_encoded(columns)
            else:
                y = column_or_1d(y, warn=True)
                check_consistent_length(rows, y)
                targets = self._encoded(y, classes, goes_on=goes_on)
            data: tuple[Any, ...] = self._named(rows), targets
            if sample_weight is not None:
                data = *data, _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
            settings = self._settings()
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

    def _several_encoded(self, columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Several targets as an experiment gets them, (n, T); `_targets` are those that it gets."""
        raise NotImplementedError

    def _target_settings(self, settings: Mapping[str, Any], task: str, output: str) -> dict[str, Any]:
        """Settings with the targets: the `task` of a single one, or the `output` of each of several."""
        names = self._targets
        if len(names) == 1:
            return {**settings, "data.target": names[0], "data.task": task}
        if is_set(settings, "model.outputs"):
            return {**settings, "data.target": names}
        prefix = "model.outputs."
        own = {path: value for path, value in settings.items() if path.startswith(prefix)}
        outputs = dict.fromkeys(names, output) | {path[len(prefix) :]: own[path] for path in own}
        rest = {path: value for path, value in settings.items() if path not in own}
        return {**rest, "data.target": names, "model.outputs": outputs}

    def _settings(self) -> dict[str, Any]:
        """The settings of the experiment by path. Parameters that are None leave theirs to the recipe."""
        settings: dict[str, Any] = {**(self.settings or {}), "data.split.test": 0}
        for path in ("data.source", "data.test_source", "data.target"):
            if is_set(settings, path):
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
    def _workers(self) -> int:
        return int(effective_n_jobs(self.n_jobs))

    def _warn_of_end(self, message: str) -> None:
        warnings.warn(message, ConvergenceWarning, stacklevel=5)  # that of fit or partial_fit

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
            self._columns = [*map(as_text, column_names(X))] if is_frame(X) else None
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
        if exposure is not None and (not is_frame(rows) or exposure in map(as_text, column_names(rows))):
            names = (*names, exposure)
        if is_frame(rows):
            return with_columns(rows, names)
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
        tags.target_tags.multi_output = True
        return tags


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Classes of any type: the experiment gets them as texts."""

    classes_: Any
    _class_targets: Sequence[ClassTarget] = ()
    """Of several targets; those of one class are predicted without a network."""
    _is_multilabel = False

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        self._class_targets, self._is_multilabel = (), False
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        all_classes = present = _distinct(y, "y")
        if classes is not None:
            all_classes = _distinct(column_or_1d(classes), "classes")
            if unlisted := [label for label in present.tolist() if label not in all_classes.tolist()]:
                raise ValueError(f"y has the label {unlisted[0]!r}, which is not in classes")
        if goes_on:
            if is_numeric(all_classes) != is_numeric(self.classes_):
                kind = "numbers" if is_numeric(self.classes_) else "texts"
                raise ValueError(f"the classes of y must be {kind}, as those of the fit that is trained on")
            text_of = dict(zip(self.classes_.tolist(), self._texts, strict=True))
            if new_labels := [label for label in all_classes.tolist() if label not in text_of]:
                for label in new_labels:
                    text_of[label] = free_text(label, text_of.values())
                self.classes_ = np.union1d(self.classes_, all_classes)
                self._texts = [text_of[label] for label in self.classes_.tolist()]
        else:
            if len(all_classes) == 1:
                advice = "two or more are needed; partial_fit takes those of later calls as `classes`"
                raise ValueError(f"y has one class, {str(all_classes[0])!r}: {advice}")
            self.classes_, self._texts = all_classes, class_texts(all_classes)
        return np.array(self._texts, object)[np.searchsorted(self.classes_, y)]

    def _settings(self) -> dict[str, Any]:
        settings = self._target_settings(super()._settings(), "classification", "softmax")
        if self._is_multilabel and len(self._targets) > 1:
            settings["data.target"] = {"labels": self._targets}
        weights = self.class_weight
        if weights is not None and self._class_targets:
            raise ValueError(
                f"class_weight is for one target, but y has {len(self._class_targets)}: leave it out"
            )
        if isinstance(weights, Mapping):
            text_of = dict(zip(self.classes_.tolist(), self._texts, strict=True))
            if unknown := [label for label in weights if label not in text_of]:
                raise ValueError(f"class_weight has a weight of {unknown[0]!r}, which is no class of y")
            weights = {text_of[label]: weight for label, weight in weights.items()}
        if weights is not None:
            settings["training.class_weights"] = weights
        return settings

    def _several_encoded(self, columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        for column in columns:
            check_array(column, ensure_2d=False, dtype=None, input_name="y")
        all_classes = [_distinct(column, "y") for column in columns]
        self._is_multilabel = is_indicator(columns)
        self._class_targets = [
            ClassTarget(name, classes, [str(int(label)) for label in classes.tolist()])
            if self._is_multilabel
            else ClassTarget(name, classes, class_texts(classes))
            for name, classes in zip(self._targets, all_classes, strict=True)
        ]
        self.classes_ = np.arange(len(columns)) if self._is_multilabel else all_classes
        trained = [number for number, classes in enumerate(all_classes) if len(classes) > 1]
        if not trained:
            raise ValueError("y has one class in each column: two or more are needed in one")
        self._targets = [self._targets[number] for number in trained]
        return np.stack([self._class_targets[number].encoded(columns[number]) for number in trained], axis=1)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each row, (n,); of several targets, or labels, (n, T)."""
        rows = self._new_rows(X)
        if self._class_targets:
            predicted = self._predictions(rows)
            count = len(next(iter(predicted.values()))[0])
            return stacked(
                [
                    target.decoded(predicted[target.name][0])
                    if target.name in predicted
                    else np.repeat(target.classes, count)
                    for target in self._class_targets
                ]
            )
        with _input_as_value_errors():
            texts = self.run_.predictor.predict(rows)
        number_of = {text: number for number, text in enumerate(self._texts)}
        classes: npt.NDArray[Any] = self.classes_[[number_of[text] for text in texts.tolist()]]
        return classes

    def predict_proba(self, X: Any) -> Any:
        """The probabilities of `classes_`, (n, classes).

        Of several targets a list of such arrays; of labels the probability of each, (n, T).
        """
        rows, predictor = self._new_rows(X), self.run_.predictor
        if self._class_targets:
            return self._several_probabilities(self._predictions(rows))
        with _input_as_value_errors():
            probabilities = predictor.predict_proba(rows)
        return probabilities[:, self._class_order(predictor)]

    def _several_probabilities(self, predicted: Mapping[str, tuple[npt.NDArray[Any], FloatArray]]) -> Any:
        probabilities = []
        for target in self._class_targets:
            if target.name in predicted:
                classes = self.run_.predictor.of_target(target.name).classes or ()
                order = [classes.index(text) for text in target.texts]
                probabilities.append(predicted[target.name][1][:, order])
            else:
                probabilities.append(np.ones((len(next(iter(predicted.values()))[0]), 1)))
        if not self._is_multilabel:
            return probabilities
        pairs = zip(self._class_targets, probabilities, strict=True)
        return np.stack(
            [(of_target * target.classes.astype(float)).sum(axis=1) for target, of_target in pairs], axis=1
        )

    def _predictions(self, rows: Any) -> dict[str, tuple[npt.NDArray[Any], FloatArray]]:
        """The texts (n,) and the probabilities (n, classes) of each target that has a network."""
        with _input_as_value_errors():
            predictions = self.run_.predictor._predictions_of_targets(rows)
        return {
            name: (texts[:, 0], probabilities)
            for name, (texts, probabilities) in zip(self._targets, predictions, strict=True)
        }

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

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities, in the form of `predict_proba`."""
        probabilities = self.predict_proba(X)
        return [*map(_logs, probabilities)] if isinstance(probabilities, list) else _logs(probabilities)

    def decision_function(self, X: Any) -> FloatArray:
        """The log odds of the second of two classes, (n,); of more, the logarithms of their probabilities;
        of labels the log odds of each, (n, T).
        """
        check_is_fitted(self, "run_")
        if self._class_targets and not self._is_multilabel:
            raise ValueError(f"decision_function is for one target, not {len(self._class_targets)}")
        if self._is_multilabel:
            probabilities: FloatArray = self.predict_proba(X)
            return _logs(probabilities) - _logs(1 - probabilities)
        logs: FloatArray = self.predict_log_proba(X)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Numbers, even if a classification would be detected."""

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return numbers

    def _settings(self) -> dict[str, Any]:
        return self._target_settings(super()._settings(), "regression", "squared")

    def _several_encoded(self, columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(stacked(columns), dtype=np.float64, input_name="y")
        return numbers

    def predict(self, X: Any) -> FloatArray:
        """The value of each row, (n,); of several targets (n, T)."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            predicted: Any = self.run_.predictor.predict(rows)
        if len(self._targets) > 1:
            predicted = np.stack([predicted[name] for name in self._targets], axis=1)
        values: FloatArray = predicted
        return values

    def predict_interval(self, X: Any, coverage: float) -> FloatArray:
        """The lower and upper ends, (n, 2), of intervals that hold the value in about this share of rows."""
        rows = self._new_rows(X)
        with _input_as_value_errors():
            return self.run_.predictor.predict_interval(rows, coverage)


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


def is_set(settings: Mapping[str, Any], path: str) -> bool:
    """Whether settings have a value at a path, alone or in a section."""
    return path in settings or any(
        isinstance(value, Mapping) and path.startswith(f"{key}.") and is_set(value, path[len(key) + 1 :])
        for key, value in settings.items()
    )


def _seed(random_state: Any) -> int:
    """An integer itself, else a number drawn from the random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_SEEDS))


def _distinct(labels: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """The sorted values of labels."""
    try:
        check_classification_targets(labels)
        return np.unique(labels)
    except TypeError as error:  # what cannot be sorted
        raise ValueError(f"{what} has values of several types, or missing ones") from error


def _logs(probabilities: FloatArray) -> FloatArray:
    """Their logarithms; of 0 that of the least number above it."""
    logs: FloatArray = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return logs
