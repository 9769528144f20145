"""The background of contributions: the rows whose mean prediction they begin with.

They are rows that the model keeps, or training rows, which are read again, or rows of the caller. Of more
rows than are used, some are drawn. The same ones are drawn of the training rows however they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.dataset import Columns
from fnnctl.data.in_memory import MemoryData
from fnnctl.data.row_encoder import NewRows, expansions_of
from fnnctl.data.splits.parts import Split, trained_rows
from fnnctl.errors import DataError, Problem
from fnnctl.modelling.predictor import Predictor
from fnnctl.seeds import Purpose, stream
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.weights import BACKGROUND, Array
from fnnctl.tasks.task import TaskData

if TYPE_CHECKING:  # training writes no more than arrays
    from fnnctl.modelling.saved_model import SavedModel

BACKGROUND_ROWS: Final = 100
"""More rows are sampled: a row takes time in proportion to them. The same number as in the package shap."""
NUMBERS, CATEGORIES = "numbers", "categories"
_ROWS: Final = 0


@dataclass(frozen=True, slots=True)
class Background:
    """b rows as features of a predictor."""

    features: Sequence[FloatArray]
    """(b, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    columns: Mapping[str, tuple[str, ...]]
    """The preprocessor's columns that are one column of the table, by its name."""

    @classmethod
    def of(cls, predictor: Predictor, columns: Columns, rows: IntArray) -> Background:
        """These rows, (b,), of a table."""
        return cls(predictor.row_features(columns, rows), predictor.source_columns(columns))

    def __len__(self) -> int:
        return len(self.features[0])


def background_of_model(model: SavedModel, *, instead: str, memory: MemoryData | None = None) -> Background:
    """The rows that the model keeps or, if it keeps none, those of its run's training part, read again.

    `memory` are the data of the run, if they were in memory. Raises `InputError` if the data are not there
    any more, or have changed; `instead` says what to do then.
    """
    if model.background_arrays:
        kept = _columns_of_kept_rows(model)
        return Background.of(model.predictor, kept, np.arange(len(kept)))
    from fnnctl.modelling.held_out_rows import held_out_rows  # training reads no data again

    held_out = held_out_rows(model, instead=instead, memory=memory)
    rows = drawn_rows(held_out.trained, model.seed, BACKGROUND_ROWS)
    return Background.of(model.predictor, held_out.data.dataset, rows)


def background_of_rows(
    predictor: Predictor, blocks: Iterable[NewRows], seed: int, file: str
) -> tuple[Background, int]:
    """The rows of the blocks of a file, or some of many rows, and the number of all rows.

    Raises `DataError` if there are none.
    """
    rng = stream(seed, Purpose.CONTRIBUTIONS, _ROWS)
    background, keys, total = None, np.empty(0), 0
    for block in blocks:
        read = Background.of(predictor, block, np.arange(len(block)))
        former = [part[:0] for part in read.features] if background is None else background.features
        keys = np.concatenate([keys, rng.random(len(block))])
        chosen = _least(keys, BACKGROUND_ROWS)
        features = [np.concatenate(parts)[chosen] for parts in zip(former, read.features, strict=True)]
        background, keys, total = Background(features, read.columns), keys[chosen], total + len(block)
    if background is None or not total:
        raise DataError(Problem("there are no background rows", file=file))
    return background, total


def drawn_rows(rows: IntArray, seed: int, most: int) -> IntArray:
    """At most `most` of these rows, (n,), drawn at random and in their order."""
    keys = stream(seed, Purpose.CONTRIBUTIONS, _ROWS).random(len(rows))
    return rows[_least(keys, most)]


def kept_rows(data: TaskData, experiment: Experiment, predictor: Predictor, split: Split) -> dict[str, Array]:
    """The training rows that the model of an experiment keeps, as arrays; none if it keeps no rows.

    They are the numbers and, for each categorical column, a code: the place of the value in `_known_values`,
    the number of known values for any other value, and −1 for a missing one.
    """
    dataset, most = data.dataset, experiment.model.background_rows
    if not most:
        return {}
    trained = trained_rows(split, len(dataset), bags=experiment.model.ensemble.bags)
    rows = drawn_rows(trained, experiment.seed, most)
    position = {name: j for j, name in enumerate(dataset.numeric_names)}
    numbers = dataset.numbers(rows, [position[number.name] for number in predictor.preprocessor.numbers])
    known_values = _known_values(predictor)
    codes = np.empty((len(rows), len(known_values)), np.int32)
    for k, (name, known) in enumerate(known_values.items()):
        j = dataset.categorical_names.index(name)
        code_of = {value: code for code, value in enumerate(known)}
        of_categories = np.array([*(code_of.get(value, len(known)) for value in dataset.categories[j]), -1])
        codes[:, k] = of_categories[dataset.categorical[rows, j]]
    return {f"{BACKGROUND}{NUMBERS}": numbers, f"{BACKGROUND}{CATEGORIES}": codes}


def _columns_of_kept_rows(model: SavedModel) -> Columns:
    """The rows that a model keeps: the inverse of `kept_rows`; raises `DataError` if damaged."""
    numbers = tuple(number.name for number in model.predictor.preprocessor.numbers)
    known_values, arrays = _known_values(model.predictor), model.background_arrays
    values, codes = arrays.get(NUMBERS), arrays.get(CATEGORIES)
    limits = [len(known) for known in known_values.values()]
    if (
        values is None
        or codes is None
        or values.dtype != np.float64
        or codes.dtype != np.int32
        or values.shape != (len(codes), len(numbers))
        or codes.shape != (len(values), len(limits))
        or not ((codes >= -1) & (codes <= limits)).all()
    ):
        raise damaged(model.run.path / names.WEIGHTS, "is damaged: its background rows do not fit the model")
    return Columns(
        numeric=values,
        numeric_names=numbers,
        categorical=codes,
        categorical_names=tuple(known_values),
        categories=tuple((*known, _other_value(known)) for known in known_values.values()),
        expansions=expansions_of(model.description.table.formats),
    )


def _known_values(predictor: Predictor) -> dict[str, tuple[str, ...]]:
    """The values of each categorical column that a part of the predictor tells apart from any other value."""
    known: dict[str, tuple[str, ...]] = {}
    for part in predictor.distinct:
        for column in part.preprocessor.categories:
            known[column.name] = tuple(dict.fromkeys((*known.get(column.name, ()), *column.known)))
    return known


def _other_value(known: Sequence[str]) -> str:
    """A value that is none of these."""
    return max(known, key=len, default="") + "+"


def _least(keys: FloatArray, most: int) -> IntArray:
    """The sorted indices of the `most` smallest keys, or of all."""
    return np.sort(np.argsort(keys, kind="stable")[:most])
