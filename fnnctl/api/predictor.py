"""A run's network as a Python object that predicts rows in memory.

A few records, as those of a web service are, and arrays need no table. All rows are encoded the same way, and
get the scores of `fnnctl predict`, bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.api.floating_point import default_errstate
from fnnctl.api.observer import LOGGER
from fnnctl.arrays import FloatArray
from fnnctl.blas import restored_blas_threads
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.in_memory import rows_data
from fnnctl.data.new_rows import array_blocks
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import MOST_ROWS, NewRows, RowEncoder, columns_of
from fnnctl.data.stored_arrays import ArrayInMemory
from fnnctl.data.tables.memory_table import RecordBlock
from fnnctl.data.tables.open_table import missing_texts
from fnnctl.data.tables.records import block_rows
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.covering import limits_of
from fnnctl.modelling.explanations.background import Background, background_of_model, background_of_rows
from fnnctl.modelling.explanations.contributions import Explainer
from fnnctl.modelling.input_file import InputFile, ignored_columns
from fnnctl.modelling.predictor import Predictor as Networks
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.modelling.scored_rows import explained_block, scored_blocks
from fnnctl.plugins import Scope, scope
from fnnctl.store.volumes import MemoryVolume
from fnnctl.tasks.regions import RegionLimits
from fnnctl.text import did_you_mean, joined_words, quoted


@dataclass(frozen=True, slots=True)
class Contributions:
    """How much each column moves the predictions of n rows from the mean prediction of background rows.

    The base and the effects of a row sum to its predicted number or, for classes, to log(p / (1 − p)) of the
    predicted class.
    """

    columns: tuple[str, ...]
    """The names of the columns."""
    base: FloatArray
    """The mean of the background rows, (n,); for classes, that of the class predicted for the row."""
    effects: FloatArray
    """The effect of each column, (n, columns)."""
    errors: FloatArray
    """The standard error of each effect, (n, columns), at most: orders of the columns are drawn."""


class Predictor:
    """Predicts rows with the network, or the networks, of a run. It is thread-safe.

    Rows are a data frame, a mapping of columns, a list of records (mappings), one record, or, if all columns
    are numeric, an array (n, p) in the order of `feature_names`. None and NaN are missing values. A missing
    column is an error; one that the network was not trained with is ignored, and noted once in the logger
    `fnnctl`.
    """

    def __init__(
        self, model: SavedModel, volume: MemoryVolume | None = None, plugins: Scope | None = None
    ) -> None:
        """A run in memory lives as long as its predictor, which holds its `volume`: it names the data.

        `plugins` are those of the run.
        """
        self._model, self._volume, self._plugins = model, volume, plugins or Scope()
        self._pattern = model.predictor
        """Networks that are copied if all others are in use; they know how few rows are computed."""
        self._free: deque[tuple[Networks, RowEncoder]] = deque()
        """Networks and encoders that no thread uses: each has buffers of its own."""
        table, preprocessor = model.description.table, model.predictor.preprocessor
        self._formats, self._missing = table.formats, missing_texts(table.missing_values)
        self.feature_names: tuple[str, ...] = columns_of(preprocessor, self._formats)
        """The columns that the network was trained with."""
        self.targets: tuple[str, ...] = model.description.target_names
        """The names of the columns that are predicted."""
        self.classes: tuple[str, ...] | None = tuple(model.description.classes) or None
        """The classes, in the order of the probabilities; None for a regression, and for several targets."""
        self.levels: tuple[float, ...] | None = model.predictor.decoder.output.levels or None
        """The levels of the quantiles that are estimated; None for other outputs."""
        self._has_categories = bool(preprocessor.categories)
        self._features = model.predictor.features_like(self._new_encoder().no_rows)
        self._names = frozenset(self.feature_names)
        self._noted: set[str] = set()
        self._read: Background | None = None
        """The background of the run, once it is read."""
        self._regions: dict[float, RegionLimits] = {}
        """By their coverage: the limits that were asked for before."""

    @property
    def target(self) -> str:
        """The name of the column that is predicted, or the names of several, joined by commas."""
        return ", ".join(self.targets)

    def of_target(self, name: str) -> Predictor:
        """The predictor of one of several targets, which has its classes, probabilities and contributions.

        Raises `UsageError` if there is no target of this name.
        """
        if name not in self.targets:
            hint = did_you_mean(str(name), self.targets) or f"; choose {joined_words(self.targets, 'or')}"
            raise UsageError(f"there is no target {quoted(str(name))}{hint}")
        if len(self.targets) == 1:
            return self
        model = self._model.of_target(self.targets.index(name))
        return Predictor(model, self._volume, self._plugins)

    def _refuse_several(self, method: str) -> None:
        """Raise `UsageError` if there are several targets."""
        if len(self.targets) > 1:
            example = f"predictor.of_target({self.targets[0]!r}).{method}"
            raise UsageError(f"{method} is for one of the {len(self.targets)} targets: use {example}")

    @property
    def exposure(self) -> str | None:
        """The name of the column with the exposures; None if the network was trained without any."""
        return self._model.description.table.exposure

    def predict(self, rows: Any) -> Any:
        """The predicted classes, as texts, or numbers, (n,); of quantiles the one nearest to level 0.5.

        Of several targets a mapping from their names to such arrays.

        Of a network that was trained with exposures, they are for those of the rows; of rows without this
        column they are rates.
        """
        predicted = [predicted[:, 0] for predicted, _ in self._predictions_of_targets(rows)]
        return predicted[0] if len(self.targets) == 1 else dict(zip(self.targets, predicted, strict=True))

    def predict_proba(self, rows: Any) -> Any:
        """The probabilities of the classes, (n, classes).

        Of several targets a mapping from the names of those with classes to such arrays. Raises `UsageError`
        if there are numbers alone.
        """
        if len(self.targets) > 1:
            predictions = self._predictions_of_targets(rows)
            tasks = zip(self.targets, self._model.predictor.task.tasks, predictions, strict=True)
            by_target = {name: probabilities for name, task, (_, probabilities) in tasks if task.classes}
            if not by_target:
                raise UsageError("numbers have no probabilities: use predict")
            return by_target
        if self.classes is None:
            raise UsageError("a regression has no probabilities: use predict")
        _, probabilities = self._predictions(rows)
        return probabilities

    def decision(self, rows: Any) -> FloatArray:
        """Logarithms of probabilities: of the second class over the first (n,), or of each (n, classes).

        Raises `UsageError` for a regression.
        """
        self._refuse_several("decision")
        logs = np.log(np.maximum(self.predict_proba(rows), np.finfo(np.float64).tiny))
        ratio: FloatArray = logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs
        return ratio

    def predict_interval(self, rows: Any, coverage: float) -> FloatArray:
        """The lower and upper ends, (n, 2), of intervals that hold the number in this share of rows.

        Raises `UsageError` for classes, and as `modelling.covering` does.
        """
        self._refuse_several("predict_interval")
        if self.classes is not None:
            raise UsageError("classes have no intervals: use predict_set")
        predicted, _ = self._predictions(rows, self._region(coverage))
        ends: FloatArray = predicted[:, -2:]
        return ends

    def predict_quantiles(self, rows: Any) -> FloatArray:
        """The quantiles of the `levels`, (n, levels), which rise in each row.

        Raises `UsageError` if the network estimates none.
        """
        self._refuse_several("predict_quantiles")
        if self.levels is None:
            raise UsageError(
                "the network estimates no quantiles: train with model.output: {name: quantile, "
                "levels: [0.1, 0.5, 0.9]}"
            )
        predicted, _ = self._predictions(rows)
        quantiles: FloatArray = predicted[:, 1:]
        return quantiles

    def predict_set(self, rows: Any, coverage: float) -> npt.NDArray[np.bool_]:
        """Whether each class is in the set of each row, (n, classes); the sets hold the true class in this
        share of rows.

        Raises `UsageError` for a regression, and as `modelling.covering` does.
        """
        self._refuse_several("predict_set")
        if self.classes is None:
            raise UsageError("a regression has no sets of classes: use predict_interval")
        return self._region(coverage).sets(self.predict_proba(rows))

    @default_errstate()
    def contributions(self, rows: Any, background: Any = None) -> Contributions:
        """How much each column moves the prediction of each row from the mean prediction of other rows.

        Args:
            rows: As for `predict`.
            background: The other rows, of which 100 are used if there are more. By default they are rows
                that the model keeps (see `model.background_rows`), or training rows, which are read again.

        They are Shapley values, computed with orders of the columns that the seed of the run draws. Raises
        `UsageError` if the training rows were in memory, and `DataError` if they are not there any more or
        have changed.
        """
        self._refuse_several("contributions")
        with self._own() as (networks, encoder), restored_blas_threads(self._model.threads):
            if background is None:
                rows_of_background = self._background()
            else:
                blocks = self._blocks(background, encoder)
                rows_of_background, _ = background_of_rows(networks, blocks, self._model.seed, MEMORY_SOURCE)
            explainer = Explainer.of(networks, rows_of_background, self._model.seed)
            explained = [
                row.effects[0]
                for block in self._blocks(rows, encoder)
                for row in explained_block(explainer, block, MEMORY_SOURCE)
            ]
        arrays = zip(*((row.base, row.effects, row.errors) for row in explained), strict=True)
        return Contributions(explainer.columns, *map(np.array, arrays))

    def _background(self) -> Background:
        """The background of the run, which is read once."""
        if self._read is None:
            self._read = background_of_model(self._model, instead="pass rows as background")
        return self._read

    def _region(self, coverage: float) -> RegionLimits:
        if coverage not in self._regions:
            with scope(self._plugins):
                self._regions[coverage], notes = limits_of(self._model, coverage)
            for note in notes:
                self._note(note)
        return self._regions[coverage]

    def _predictions(
        self, rows: Any, region: RegionLimits | None = None
    ) -> tuple[npt.NDArray[Any], FloatArray]:
        """The leading columns of `fnnctl predict`, (n, columns), and probabilities, of a single target."""
        (predictions,) = self._predictions_of_targets(rows, region)
        return predictions

    @default_errstate()
    def _predictions_of_targets(
        self, rows: Any, region: RegionLimits | None = None
    ) -> list[tuple[npt.NDArray[Any], FloatArray]]:
        """The predictions of each target: see `_predictions`."""
        with self._own() as (networks, encoder), restored_blas_threads(self._model.threads):
            exposures: list[FloatArray] = []

            def blocks() -> Iterator[NewRows]:
                for block in self._blocks(rows, encoder):
                    if block.exposures is not None:
                        exposures.append(block.exposures)
                    yield block

            batches = scored_blocks(networks, blocks(), MEMORY_SOURCE, features=self._features)
            scores = np.concatenate([batch.copy() for _, batch in batches])
            decoder = networks.decoder if region is None else replace(networks.decoder, region=region)
            networks.task.prediction_columns(decoder, has_exposures=bool(exposures))
            no_targets = np.zeros((len(scores), len(self.targets)))
            all_exposures = np.concatenate(exposures) if exposures else None
            predictions = [
                task.predict(of_target, part, exposures=all_exposures)
                for task, part, of_target, _ in networks.task.separately(decoder, scores, no_targets)
            ]
        return [(np.array(predicted), probabilities) for predicted, probabilities in predictions]

    @contextmanager
    def _own(self) -> Iterator[tuple[Networks, RowEncoder]]:
        """Networks and an encoder that only this thread uses within the block, which has the plug-ins."""
        with scope(self._plugins):
            try:
                networks, encoder = self._free.pop()
            except IndexError:
                networks, encoder = self._pattern.copied(), self._new_encoder()
            try:
                yield networks, encoder
            finally:
                self._pattern = networks
                self._free.append((networks, encoder))

    def _new_encoder(self) -> RowEncoder:
        names = self.feature_names
        preprocessor = self._model.predictor.preprocessor
        return RowEncoder(preprocessor, names, self._formats, self._missing, block_rows(len(names)))

    def __reduce__(self) -> tuple[type[Predictor], tuple[SavedModel, None, Scope]]:
        """Pickles and copies have the model, and make their own buffers."""
        return Predictor, (self._model, None, self._plugins)

    def _note(self, text: str) -> None:
        """Pass on a note, unless it was passed on before."""
        if text not in self._noted:
            self._noted.add(text)
            LOGGER.info("%s", text)

    def _blocks(self, rows: Any, encoder: RowEncoder) -> Iterator[NewRows]:
        """The rows as the networks read them."""
        if records := self._records(rows):
            block = RecordBlock(self.feature_names, records)
            yield from encoder.fresh().rows(block, Problems(MEMORY_SOURCE))
        elif isinstance(rows, np.ndarray) and self._are_features(rows):
            array = FeatureArray(ArrayInMemory(MEMORY_SOURCE, rows), self.feature_names, True)
            yield from array_blocks(array, self.feature_names, (), self._missing)
        else:
            file = InputFile.of_memory(rows_data(rows), self._model)
            with file.open(self._model, self._note, warn=lambda text: None) as opened:
                yield from opened.blocks

    def _records(self, rows: Any) -> Sequence[Mapping[str, Any]] | None:
        """Records with all columns; None for other rows, also for more records than are encoded together.

        Raises `DataError` if a record lacks a column, unless a format may fill it in.
        """
        if self.exposure is not None:
            return None  # a table tells whether there are exposures
        if isinstance(rows, Mapping):
            if any(map(_is_column, rows.values())):
                return None
            rows = [rows]
        if not isinstance(rows, list | tuple):
            return None
        for row in rows:
            if not isinstance(row, Mapping):
                return None
            if row.keys() == self._names:
                continue
            if not row.keys() >= self._names and self._formats:
                return None  # a table has a missing value there if another record has the name
            self._check_names(row)
        return rows if len(rows) <= MOST_ROWS else None

    def _check_names(self, row: Mapping[str, Any]) -> None:
        """Note the columns of a record that the network does not use; raise `DataError` if it lacks one."""
        extra = [str(name) for name in row if name not in self._names and name not in self.targets]
        missing = [name for name in self.feature_names if name not in row]
        if missing:
            messages = (
                f"the column {quoted(name)} is missing{did_you_mean(name, extra)}" for name in missing
            )
            raise DataError(*map(Problem, messages))
        if extra:
            self._note(ignored_columns(MEMORY_SOURCE, extra))

    def _are_features(self, rows: npt.NDArray[Any]) -> bool:
        """Whether an array has numbers, one column for each feature."""
        is_table = rows.ndim == 2 and rows.dtype.kind in "fiu" and len(rows) > 0
        numeric = not self._formats and not self._has_categories
        return is_table and numeric and rows.shape[1] == len(self.feature_names)


def _is_column(value: Any) -> bool:
    """Whether a value of a mapping is a column, and not a value of a single row."""
    return hasattr(value, "__len__") and not isinstance(value, str)
