"""Why a row has its prediction: how much each column moves it from the mean prediction of background rows.

The features of a row and of the background are computed once; a row that has some columns of the one and the
others of the other is made of both. All features of a column go together: see `feature_importance`. What is
explained is an estimate, in the units of the target, or the log-odds of the predicted class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.feature_importance import drawn_rows
from fnnctl.metrics.shapley import Effects, drawn_orders, shapley_effects
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.input_file import InputFile, Note, as_notes
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.seeds import Purpose, stream
from fnnctl.training.scoring import SCORING_BATCH

BACKGROUND_ROWS: Final = 100
"""With more, effects differ by less than their sampling errors, and each row takes longer."""


Sources = Mapping[str, tuple[str, ...]]
"""The preprocessor's columns that are one column of the table, by its name."""


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A row's prediction and its reasons."""

    scores: FloatArray
    """(outputs,)"""
    effects: Effects


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the predictions of a predictor by background rows."""

    predictor: Predictor
    columns: tuple[str, ...]
    """The columns of the table, in the order of the effects."""
    background: Sequence[FloatArray]
    """(b, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    scores: FloatArray
    """(b, outputs) of the background rows."""
    column_of: Sequence[IntArray]
    """(features,) the column of each feature, for each such part."""
    orders: IntArray
    """(b, 2, columns): see `drawn_orders`. All rows have the same ones, and so no row depends on others."""
    _of_background: dict[int, FloatArray] = field(default_factory=dict)
    """What is explained of the background rows, (b,), by the answer."""

    @classmethod
    def of(
        cls, predictor: Predictor, background: Sequence[FloatArray], sources: Sources, seed: int
    ) -> Explainer:
        """The seed draws the orders of the columns, whose parts are `sources`: see `source_columns`."""
        column_of = []
        for part in predictor.distinct:
            indices_of = part.preprocessor.feature_indices
            columns = np.empty(sum(map(len, indices_of.values())), np.intp)
            for number, names in enumerate(sources.values()):
                for name in names:
                    columns[indices_of[name]] = number
            column_of.append(columns)
        orders = drawn_orders(len(background[0]), len(sources), stream(seed, Purpose.CONTRIBUTIONS))
        scores = _scores(predictor, background)
        return cls(predictor, tuple(sources), background, scores, column_of, orders)

    @property
    def rows_per_row(self) -> int:
        """How many rows are scored to explain one."""
        background, pair, columns = self.orders.shape
        return 1 + int(background * pair * max(0, columns - 1))

    def effects(self, features: Sequence[FloatArray]) -> Iterator[ExplainedRow]:
        """The scores and the effects of each row; `features` are those of n rows, by part."""
        task, decoder = self.predictor.task, self.predictor.decoder
        scores = _scores(self.predictor, features)
        for row, answer in enumerate(task.answers(scores, decoder).tolist()):
            if answer not in self._of_background:
                self._of_background[answer] = task.explained(self.scores, decoder, answer)
            value = float(task.explained(scores[row : row + 1], decoder, answer)[0])
            values = partial(self._mixed, [part[row] for part in features], answer)
            effects = shapley_effects(values, value, self._of_background[answer], self.orders)
            yield ExplainedRow(scores[row], effects)

    def _mixed(
        self, features: Sequence[FloatArray], answer: int, rows: IntArray, taken: BoolArray
    ) -> FloatArray:
        """What is explained of rows (m,) that have taken some columns, (m, columns), of another one."""
        mixed = [
            np.where(taken[:, columns], of_row, background[rows])
            for columns, of_row, background in zip(self.column_of, features, self.background, strict=True)
        ]
        return self.predictor.task.explained(_scores(self.predictor, mixed), self.predictor.decoder, answer)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is written of the contributions to a prediction."""

    explainer: Explainer
    count: int
    """Of the columns with the largest effects."""

    @property
    def columns(self) -> list[str]:
        """`base`, a pair of a column and its effect for each, and the effect of all others together."""
        pairs = ((f"column_{number}", f"effect_{number}") for number in range(1, self.count + 1))
        return ["base", *chain.from_iterable(pairs), "effect_other"]

    def cells(self, effects: Effects) -> list[object]:
        """Those of `columns`, which add up to the prediction; empty ones if there are fewer columns."""
        largest = np.argsort(-np.abs(effects.effects), kind="stable")[: self.count]
        cells: list[object] = [effects.base]
        for index in largest.tolist():
            cells += [self.explainer.columns[index], float(effects.effects[index])]
        cells += [None, None] * (self.count - len(largest))
        return [*cells, float(np.delete(effects.effects, largest).sum())]


def explainer_of_run(model: SavedModel, seed: int) -> Explainer:
    """An explainer by rows of the training part, read again; with bags of all rows outside the test part.

    Raises `InputError` if the data of the run are not there any more, or have changed.
    """
    held_out = held_out_rows(model, instead="add --background FILE with such rows")
    columns, predictor = held_out.data.dataset, model.predictor
    rows = np.setdiff1d(np.arange(len(columns)), held_out.split.test)
    if not held_out.bags:
        rows = np.setdiff1d(rows, held_out.split.validation)
    chosen = rows[drawn_rows(seed, len(rows), BACKGROUND_ROWS)]
    features = predictor.row_features(columns, chosen)
    return Explainer.of(predictor, features, predictor.source_columns(columns), seed)


def explainer_of_file(model: SavedModel, file: InputFile, seed: int, note: Note) -> Explainer:
    """An explainer by the rows of a file; of many rows some are drawn. Raises `DataError` for wrong rows."""
    predictor, sources = model.predictor, dict[str, tuple[str, ...]]()
    blocks: list[list[FloatArray]] = []
    with file.open(model, note, warn=as_notes(note)) as opened:
        for block in opened.blocks:
            sources = sources or predictor.source_columns(block)
            blocks.append(predictor.row_features(block, np.arange(len(block))))
    features = [np.concatenate(part) for part in zip(*blocks, strict=True)]
    chosen = drawn_rows(seed, len(features[0]), BACKGROUND_ROWS)
    return Explainer.of(predictor, [part[chosen] for part in features], sources, seed)


def _scores(predictor: Predictor, features: Sequence[FloatArray]) -> FloatArray:
    """The scores, (n, outputs), of n rows with these features."""
    rows = len(features[0])
    batches = (
        [part[start : start + SCORING_BATCH] for part in features] for start in range(0, rows, SCORING_BATCH)
    )
    scores = [batch.copy() for batch in predictor.feature_scores(batches)]
    return np.concatenate(scores) if scores else np.empty((0, predictor.decoder.output.size))
