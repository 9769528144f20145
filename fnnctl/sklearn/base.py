"""What all estimators share: their data become an experiment's, and its run predicts."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fnnctl.api.experiment import Experiment
from fnnctl.api.observer import Observer
from fnnctl.api.run import Run
from fnnctl.config.paths import OUTPUTS, setting_text
from fnnctl.config.schema.losses import loss_records
from fnnctl.data.feature_array import default_names
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.data.tables.memory_table import is_frame
from fnnctl.errors import InputError
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION
from fnnctl.sklearn.library import (
    BaseEstimator,
    BaseSearchCV,
    ConvergenceWarning,
    check_consistent_length,
    check_is_fitted,
    check_random_state,
    check_sample_weight,
    column_or_1d,
    effective_n_jobs,
    validate_data,
)
from fnnctl.sklearn.targets import (
    as_text,
    column_names,
    dense,
    target_columns,
    target_names,
    with_columns,
)
from fnnctl.text import counted

KINDS: Final = {REGRESSION: "numbers", CLASSIFICATION: "classes"}
"""What each task predicts."""
_SEEDS: Final = 2**31 - 1
"""Seeds drawn from a random state are below this number, which every platform's integers can hold."""


class Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What all estimators share: data in, an experiment run on them, rows in."""

    run_: Run
    _targets: list[str]
    """The names of the experiment's targets."""
    _columns_of_y: int
    """How many columns y has, with those of one class."""
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
        may_go_on = bool(getattr(self, "warm_start", False))
        return self._train(X, y, sample_weight, goes_on=may_go_on and self._is_fitted, may_go_on=may_go_on)

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "run_")

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        goes_on: bool,
        may_go_on: bool = True,
        classes: Any = None,
    ) -> Self:
        """Train on these rows, from nothing or from the networks that there are, which `may_go_on` later.

        `classes` may occur in later rows. A failure leaves an estimator that was to be trained on as it was.
        """
        attributes = dict(self.__dict__)
        try:
            y = dense(y)
            rows = self._checked(X, y, fits=True, goes_on=goes_on)
            columns = target_columns(y)
            if not goes_on:
                self._columns_of_y = len(columns) or 1
                self._targets = target_names(y, self._columns_of_y, self._columns or ())
            elif (count := len(columns) or 1) != self._columns_of_y:
                former = counted(self._columns_of_y, "column")
                raise ValueError(f"y has {counted(count, 'column')}, but that of the first fit had {former}")
            if columns:
                check_consistent_length(rows, *columns)
                targets = self._several_encoded(columns, classes, goes_on=goes_on, may_go_on=may_go_on)
            else:
                y = column_or_1d(y, warn=True)
                check_consistent_length(rows, y)
                targets = self._encoded(y, classes, goes_on=goes_on)
            data: tuple[Any, ...] = self._named(rows), targets
            if sample_weight is not None:
                data = *data, check_sample_weight(sample_weight, rows, ensure_non_negative=True)
            settings = self._settings()
            if goes_on:
                settings["training.warm_start"] = str(self.run_.folder.path)
            with input_as_value_errors():
                memory = self._with_classes(memory_data(data))
                self.run_ = self._run(Experiment(settings), memory)
            self._after_run()
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

    def _several_encoded(
        self, columns: Sequence[npt.NDArray[Any]], classes: Any, *, goes_on: bool, may_go_on: bool
    ) -> npt.NDArray[Any]:
        """Several targets as an experiment gets them, (n, T); `_targets` are those that it gets."""
        raise NotImplementedError

    def _with_classes(self, memory: MemoryData) -> MemoryData:
        """The rows with the classes that later ones may have, if there are any."""
        return memory

    def _after_run(self) -> None:
        """What follows from a run."""

    def _target_settings(self, settings: Mapping[str, Any], task: str, output: str) -> dict[str, Any]:
        """Settings with the targets: the `task` of a single one, or the `output` of each of several."""
        names = self._targets
        if len(names) == 1:
            return {**settings, "data.target": names[0], "data.task": task}
        outputs, other_settings = outputs_of_targets(settings)
        for name, output_settings in outputs.items():
            is_section = isinstance(output_settings, Mapping)
            output_name = output_settings.get("name") if is_section else output_settings
            record = loss_records().get(output_name) if isinstance(output_name, str) else None
            if record is not None and record.task != task:
                kind, needed = KINDS[record.task], KINDS[task]
                raise ValueError(
                    f"settings has {setting_text((*OUTPUTS, name), record.name)}, an output of {kind}, but "
                    f"{type(self).__name__} predicts {needed}: write {output}, or leave it out"
                )
        if not is_set(other_settings, "model.outputs"):
            other_settings["model.outputs"] = dict.fromkeys(names, output) | outputs
        return {**other_settings, "data.target": names}

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
def input_as_value_errors() -> Iterator[None]:
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


def outputs_of_targets(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs that settings have for single targets, by the target's name, and the other settings.

    What is no mapping, and wrong, stays with the others.
    """
    section, prefix = "model.outputs", "model.outputs."
    outputs: dict[str, Any] = {}
    other_settings: dict[str, Any] = {}
    for path, value in settings.items():
        inner = value.get("outputs") if path == "model" and isinstance(value, Mapping) else None
        if isinstance(inner, Mapping):
            outputs |= inner
            if other_keys := {key: value[key] for key in value if key != "outputs"}:
                other_settings[path] = other_keys
        elif path == section and isinstance(value, Mapping):
            outputs |= value
        elif path.startswith(prefix):
            outputs[path[len(prefix) :]] = value
        else:
            other_settings[path] = value
    return outputs, other_settings


def _seed(random_state: Any) -> int:
    """An integer itself, else a number drawn from the random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_SEEDS))
