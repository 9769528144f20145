"""The features of held-out rows, computed once, so that the values of a column can be permuted in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.data.new_rows import columns_of
from fnnctl.errors import UsageError
from fnnctl.metrics.feature_importance.permutations import REPEATS, drawn_rows
from fnnctl.modelling.held_out.rows import HeldOutRows
from fnnctl.modelling.input_file import InputFile, Note
from fnnctl.modelling.labelled_rows import labelled_blocks
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved.saved_model import SavedModel
from fnnctl.tasks.task import Targets
from fnnctl.text import counted

MOST_PREDICTIONS: Final = 2_000_000
"""Half a minute for an ensemble with an embedding of its numbers; a few seconds for a small network."""
MOST_ROWS, FEWEST_ROWS = 5_000, 500
"""The rows are chosen so that there are no more predictions. More rows only make the intervals narrower."""


@dataclass(frozen=True, slots=True)
class HeldOutFeatures:
    """n rows that a predictor has not learned, as features."""

    part: Literal["test", "validation"]
    targets: Targets
    """(n,)"""
    features: Sequence[FloatArray]
    """(n, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    predictors: Sequence[tuple[Predictor, IntArray]]
    """Who scores which rows, as sorted indices (m,) below n; together they are all rows."""
    columns: Mapping[str, tuple[str, ...]]
    """The preprocessor's columns that are one column of the table, by its name."""

    def __len__(self) -> int:
        return len(self.targets)


def features_of_run(model: SavedModel, held_out: HeldOutRows, seed: int, note: Note) -> HeldOutFeatures:
    """The features of the test part or, if there is none, of the validation part, with bags out of bag.

    Of very many rows only some, drawn at random; `note` is called with a message if so. Raises `UsageError`
    if there are no such rows.
    """
    split, data = held_out.split, held_out.data
    part: Literal["test", "validation"] = "test" if split.test.size else "validation"
    rows = split.parts[part]
    if rows.size < 2:
        raise UsageError(
            f"{model.run.path} has no rows to measure importance on: all of them are training rows; set "
            "data.split.test, train again, or report on an evaluation (`fnnctl evaluate RUN --data FILE`)"
        )
    predictor = model.predictor
    columns = source_columns(predictor, data.dataset)
    rows = rows[_chosen(len(rows), columns, seed, f"of the {part} part", note)]
    predictors = [(predictor, np.arange(len(rows)))]
    if held_out.bags and part == "validation":
        own = [np.flatnonzero(np.isin(rows, bag.validation)) for bag in held_out.bags]
        predictors = [*zip(predictor.alone(), own, strict=True)]
    features = _features(predictor, data.dataset, rows)
    return HeldOutFeatures(part, data.targets[rows], features, predictors, columns)


def features_of_file(model: SavedModel, given: InputFile, seed: int, note: Note) -> HeldOutFeatures:
    """The features of the rows of a file that have a label, as of the test part of its evaluation.

    Raises `DataError` if it cannot be read, and `UsageError` if it has a single such row.
    """
    predictor, columns = model.predictor, dict[str, tuple[str, ...]]()
    blocks: list[list[FloatArray]] = []
    targets: list[Targets] = []
    for block, kept, encoded in labelled_blocks(given, model, note):
        columns = columns or source_columns(predictor, block)
        blocks.append(_features(predictor, block, kept))
        targets.append(encoded)
    every = np.concatenate(targets)
    if len(every) < 2:
        raise UsageError(f"{given.name} has a single row with a label: importance needs at least two")
    rows = _chosen(len(every), columns, seed, f"of {given.name}", note)
    features = [np.concatenate(of_part)[rows] for of_part in zip(*blocks, strict=True)]
    return HeldOutFeatures("test", every[rows], features, [(predictor, np.arange(len(rows)))], columns)


def source_columns(predictor: Predictor, columns: Columns) -> dict[str, tuple[str, ...]]:
    """The columns that a predictor reads, by the table's column that they were made from."""
    wanted = columns_of(predictor.preprocessor)
    source = {name: original for original, made in columns.expansions.items() for name in made}
    found: dict[str, list[str]] = {}
    for name in wanted:
        found.setdefault(source.get(name, name), []).append(name)
    return {name: tuple(made) for name, made in found.items()}


def _features(predictor: Predictor, columns: Columns, rows: IntArray) -> list[FloatArray]:
    """(n, features) of these rows, for each of the predictor's distinct parts, in its precision."""
    return [*_written(predictor, columns, rows)]


def _written(predictor: Predictor, columns: Columns, rows: IntArray) -> Iterator[FloatArray]:
    for part in predictor.distinct:
        out = np.empty((len(rows), part.inputs.shape[1] - 1), part.inputs.dtype)
        part.preprocessor.transform(columns, rows, out)
        yield out


def _chosen(rows: int, columns: Mapping[str, object], seed: int, whose: str, note: Note) -> IntArray:
    """The sorted indices of the rows that are used."""
    affordable = MOST_PREDICTIONS // (REPEATS * max(1, len(columns)))
    chosen = drawn_rows(seed, rows, min(MOST_ROWS, max(FEWEST_ROWS, affordable)))
    if len(chosen) < rows:
        used = f"{len(chosen):,} of the {counted(rows, 'row')} {whose}"
        note(f"importance is measured on {used}, drawn at random; the intervals allow for that")
    return chosen
