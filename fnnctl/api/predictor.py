"""A run's network as a Python object that predicts rows in memory.

Rows that hold numbers and texts only, as those of a web service do, are encoded here, column by column of the
network; everything else goes the way of a table. Both give the scores of `fnnctl predict`, bit for bit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fnnctl.api.floating_point import default_errstate
from fnnctl.api.observer import LOGGER
from fnnctl.arrays import FloatArray
from fnnctl.blas import restored_blas_threads
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.columns.numbers import plain_number, remove_missing
from fnnctl.data.dataset import Columns
from fnnctl.data.in_memory import rows_data
from fnnctl.data.new_rows import columns_of
from fnnctl.data.tables.open_table import missing_texts
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.input_file import InputFile, Note, ignored_columns
from fnnctl.modelling.predictor import Predictor as Networks
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.modelling.scored_rows import refuse_overflow, scored_blocks
from fnnctl.text import did_you_mean, quoted
from fnnctl.training.scoring import SCORING_BATCH

_UNKNOWN: Final = "\0"
"""What stands for all texts that are not among a column's categories; no text of a table is this one."""


class Predictor:
    """Predicts rows with the network, or the networks, of a run. It is thread-safe.

    Rows are a data frame, a mapping of columns, a list of records (mappings), one record, or, if all columns
    are numeric, an array (n, p) in the order of `feature_names`. None and NaN are missing values. A missing
    column is an error; one that the network was not trained with is ignored, and noted once in the logger
    `fnnctl`.
    """

    def __init__(self, model: SavedModel) -> None:
        self._model = model
        self._pattern = model.predictor
        """Networks that are copied if all others are in use; they know how few rows are computed."""
        self._free: deque[Networks] = deque()
        """Networks that no thread uses: each has buffers of its own."""
        self._formats = model.description.table.formats
        self.feature_names: tuple[str, ...] = columns_of(model.predictor.preprocessor, self._formats)
        """The columns that the network was trained with."""
        self.classes: tuple[str, ...] | None = tuple(model.description.classes) or None
        """The classes, in the order of the probabilities; None for a regression."""
        self._encoder = _Encoder(model)
        self._noted: set[str] = set()

    @property
    def target(self) -> str:
        """The name of the column that is predicted."""
        return self._model.description.target

    def predict(self, rows: Any) -> npt.NDArray[Any]:
        """The predicted classes, as texts, or numbers, (n,)."""
        predicted, _ = self._predictions(rows)
        return predicted

    def predict_proba(self, rows: Any) -> FloatArray:
        """The probabilities of the classes, (n, classes); raises `UsageError` for a regression."""
        if self.classes is None:
            raise UsageError("a regression has no probabilities: use predict")
        _, probabilities = self._predictions(rows)
        return probabilities

    def decision(self, rows: Any) -> FloatArray:
        """Logarithms of probabilities: of the second class over the first (n,), or of each (n, classes).

        Raises `UsageError` for a regression.
        """
        logs = np.log(np.maximum(self.predict_proba(rows), np.finfo(np.float64).tiny))
        ratio: FloatArray = logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs
        return ratio

    @default_errstate()
    def _predictions(self, rows: Any) -> tuple[npt.NDArray[Any], FloatArray]:
        columns = self._encoder.columns(rows, self._note)
        with self._networks() as networks, restored_blas_threads(self._model.threads):
            if columns is None:
                scores = np.concatenate([*self._table_scores(networks, rows)])
            else:
                scores = np.concatenate([*self._encoder.scores(networks, columns)])
                refuse_overflow(scores, np.arange(len(scores)), MEMORY_SOURCE)
            predicted, probabilities = networks.task.predict(scores, networks.decoder)
        return np.array([row[0] for row in predicted]), probabilities

    @contextmanager
    def _networks(self) -> Iterator[Networks]:
        """Networks that only this thread uses within the block."""
        try:
            networks = self._free.pop()
        except IndexError:
            networks = self._pattern.copied()
        try:
            yield networks
        finally:
            self._pattern = networks
            self._free.append(networks)

    def __reduce__(self) -> tuple[type[Predictor], tuple[SavedModel]]:
        """Pickles and copies have the model, and make their own buffers."""
        return Predictor, (self._model,)

    def _note(self, text: str) -> None:
        """Pass on a note, unless it was passed on before."""
        if text not in self._noted:
            self._noted.add(text)
            LOGGER.info("%s", text)

    def _table_scores(self, networks: Networks, rows: Any) -> Iterator[FloatArray]:
        file = InputFile.of_memory(rows_data(rows), self._model)
        with file.open(self._model, self._note, warn=lambda text: None) as opened:
            for _, scores in scored_blocks(networks, opened.blocks, file.name):
                yield scores.copy()


class _Encoder:
    """Turns plain rows into columns, and columns into scores, with little work per call."""

    def __init__(self, model: SavedModel) -> None:
        preprocessor = model.predictor.preprocessor
        self._target = model.description.target
        self._missing = missing_texts(model.description.table.missing_values)
        self._numbers = tuple(number.name for number in preprocessor.numbers)
        known: dict[str, dict[str, int]] = {column.name: {} for column in preprocessor.categories}
        for part in model.predictor.distinct:  # in which other values may be told apart
            for column in part.preprocessor.categories:
                for text in column.known:
                    known[column.name].setdefault(text, len(known[column.name]))
        self._categories = tuple(known.items())
        self._names = frozenset((*self._numbers, *(name for name, _ in self._categories)))
        self._template = Columns(
            numeric=np.empty((0, len(self._numbers))),
            numeric_names=self._numbers,
            categorical=np.empty((0, len(self._categories)), np.int32),
            categorical_names=tuple(name for name, _ in self._categories),
            categories=tuple((*codes, _UNKNOWN) for _, codes in self._categories),
        )
        self._is_plain = not model.description.table.formats
        """Whether each column of the table is one of the preprocessor."""
        self._features = [part.preprocessor.of(self._template) for part in model.predictor.distinct]

    def columns(self, rows: Any, note: Note) -> Columns | None:
        """The columns of rows that hold numbers and texts; None for rows that go the way of a table.

        `note` is called with notes about the columns.
        """
        if not self._is_plain:
            return None
        if isinstance(rows, np.ndarray):
            return self._array_columns(rows)
        if isinstance(rows, Mapping):
            return None if any(map(_is_column, rows.values())) else self._record_columns([rows], note)
        if isinstance(rows, list | tuple) and rows and all(isinstance(row, Mapping) for row in rows):
            return self._record_columns(rows, note)
        return None

    def _array_columns(self, rows: npt.NDArray[Any]) -> Columns | None:
        if rows.ndim != 2 or rows.dtype.kind not in "fiu" or self._categories or not len(rows):
            return None
        if rows.shape[1] != len(self._numbers):  # refused there, or the training had an empty column
            return None
        numeric = rows.astype(np.float64)
        if np.isinf(numeric).any():  # refused there
            return None
        remove_missing(numeric, self._missing, rows.dtype)
        return replace(self._template, numeric=numeric, categorical=np.empty((len(rows), 0), np.int32))

    def _record_columns(self, rows: Sequence[Mapping[str, Any]], note: Note) -> Columns | None:
        numeric = np.empty((len(rows), len(self._numbers)))
        categorical = np.empty((len(rows), len(self._categories)), np.int32)
        for i, row in enumerate(rows):
            if row.keys() != self._names:
                self._check_names(row, note)
            for j, name in enumerate(self._numbers):
                if (number := _number(row[name])) is None:
                    return None
                numeric[i, j] = number
            for j, (name, codes) in enumerate(self._categories):
                if (code := self._code(row[name], codes)) is None:
                    return None
                categorical[i, j] = code
        remove_missing(numeric, self._missing)
        return replace(self._template, numeric=numeric, categorical=categorical)

    def _code(self, value: Any, codes: Mapping[str, int]) -> int | None:
        """The code of a category; None for a value that goes the way of a table."""
        if value is None:
            return -1
        if not isinstance(value, str):
            return None
        text = value.strip()
        if text in codes:
            return codes[text]
        if text in self._missing:
            return -1
        # A number may be spelled otherwise than in training.
        return None if text == _UNKNOWN or plain_number(text) is not None else len(codes)

    def _check_names(self, row: Mapping[str, Any], note: Note) -> None:
        """Note the columns of a record that the network does not use; raise `DataError` if it lacks one."""
        extra = [str(name) for name in row if name not in self._names and name != self._target]
        missing = [name for name in (*self._numbers, *self._template.categorical_names) if name not in row]
        if missing:
            messages = (
                f"the column {quoted(name)} is missing{did_you_mean(name, extra)}" for name in missing
            )
            raise DataError(*map(Problem, messages))
        if extra:
            note(ignored_columns(MEMORY_SOURCE, extra))

    def scores(self, networks: Networks, columns: Columns) -> Iterator[FloatArray]:
        """The networks' scores of all rows, batch by batch; each batch is a copy."""
        count = len(columns)
        features = [replace(part, dataset=columns) for part in self._features]

        def batches() -> Iterator[list[FloatArray]]:
            for start in range(0, count, SCORING_BATCH):
                rows = np.arange(start, min(start + SCORING_BATCH, count))
                batch = []
                for part, source in zip(networks.distinct, features, strict=True):
                    out = np.empty((len(rows), part.inputs.shape[1] - 1), part.inputs.dtype)
                    source.write(rows, out)
                    batch.append(out)
                yield batch

        return (scores.copy() for scores in networks.feature_scores(batches()))


def _is_column(value: Any) -> bool:
    """Whether a value of a mapping is a column, and not a value of a single row."""
    return hasattr(value, "__len__") and not isinstance(value, str)


def _number(value: Any) -> float | None:
    """A number, NaN if it is missing; None for a value that goes the way of a table."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isinf(number) else number
