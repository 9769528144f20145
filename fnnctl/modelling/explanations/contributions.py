"""Why a row has its prediction: how much each column moves it from the mean prediction of background rows.

The features of a row and of the background are computed once; a row that has some columns of the one and the
others of the other is made of both. All features of a column go together: see `feature_importance`. What is
explained is an estimate, in the units of the target, or the log-odds of the predicted class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.shapley import Effects, drawn_turns, shapley_effects
from fnnctl.modelling.predictor import Predictor
from fnnctl.seeds import Purpose, stream
from fnnctl.training.scoring import SCORING_BATCH

if TYPE_CHECKING:  # it reads training data
    from fnnctl.modelling.explanations.background import Background

LEAST_ORDERS: Final = 100
"""Fewer background rows are repeated until there are this many orders, each with its reverse."""
ROWS_TOGETHER: Final = 16
"""Rows are explained together, because the same columns are taken from all of them."""
_TURNS: Final = 1


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A row's prediction and its reasons."""

    scores: FloatArray
    """(outputs,)"""
    effects: Effects


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the predictions of a predictor by b background rows."""

    predictor: Predictor
    columns: tuple[str, ...]
    """The columns of the table, in the order of the effects."""
    background: Sequence[FloatArray]
    """(b, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    scores: FloatArray
    """(b, outputs) of the background rows."""
    turns: IntArray
    """(b, 2, columns): see `drawn_turns`. All rows have the same ones, so that no row depends on others."""
    feature_turns: Sequence[IntArray]
    """(2b, features) the turn of each feature's column, for each such part."""

    @classmethod
    def of(cls, predictor: Predictor, background: Background, seed: int) -> Explainer:
        """The seed draws the orders of the columns."""
        repeats = -(-LEAST_ORDERS // len(background))
        features = [np.repeat(part, repeats, axis=0) for part in background.features]
        rng = stream(seed, Purpose.CONTRIBUTIONS, _TURNS)
        turns = drawn_turns(len(features[0]), len(background.columns), rng).astype(np.int32)
        feature_turns = []
        for part in predictor.distinct:
            indices_of = part.preprocessor.feature_indices
            column_of = np.empty(sum(map(len, indices_of.values())), np.intp)
            for number, parts in enumerate(background.columns.values()):
                for name in parts:
                    column_of[indices_of[name]] = number
            feature_turns.append(turns.reshape(-1, turns.shape[2])[:, column_of])
        scores = _scores(predictor, features)
        return cls(predictor, tuple(background.columns), features, scores, turns, feature_turns)

    @property
    def rows_per_row(self) -> int:
        """How many rows are scored to explain one, itself included."""
        background, orders, columns = self.turns.shape
        return 1 + int(background * orders * (columns - 1))

    def explained(self, features: Sequence[FloatArray]) -> Iterator[ExplainedRow]:
        """Explain n rows by their features, (n, features) for each part of the predictor that has its own."""
        for start in range(0, len(features[0]), ROWS_TOGETHER):
            yield from self._explained([part[start : start + ROWS_TOGETHER] for part in features])

    def _explained(self, features: Sequence[FloatArray]) -> Iterator[ExplainedRow]:
        task, decoder = self.predictor.task, self.predictor.decoder
        scores = _scores(self.predictor, features)
        predicted = task.predicted_indices(scores, decoder).tolist()
        values = self._between(features, predicted)
        for row, index in enumerate(predicted):
            (value,) = task.explained(scores[row : row + 1], decoder, index).tolist()
            of_background = task.explained(self.scores, decoder, index)
            yield ExplainedRow(scores[row], shapley_effects(value, of_background, values[row], self.turns))

    def _between(self, features: Sequence[FloatArray], predicted: Sequence[int]) -> FloatArray:
        """What is explained of background rows that have some columns of n rows, (n, b, 2, columns − 1)."""
        task, decoder = self.predictor.task, self.predictor.decoder
        background, orders, columns = self.turns.shape
        values = np.empty((len(predicted), background * orders * (columns - 1)))
        for start in range(0, values.shape[1], SCORING_BATCH):
            stop = min(start + SCORING_BATCH, values.shape[1])
            order, turn = np.divmod(np.arange(start, stop), columns - 1)
            taken = [turns[order] <= turn[:, None] for turns in self.feature_turns]
            rest = [part[order // orders] for part in self.background]
            mixed = (
                [np.where(*parts) for parts in zip(taken, of_row, rest, strict=True)]
                for of_row in zip(*features, strict=True)
            )
            for row, scores in enumerate(self.predictor.feature_scores(mixed)):
                values[row, start:stop] = task.explained(scores, decoder, predicted[row])
        return values.reshape(len(predicted), background, orders, columns - 1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is written of the contributions to a prediction."""

    explainer: Explainer
    most: int
    """At most this many columns, those with the largest effects."""

    @property
    def count(self) -> int:
        """The number of columns that are written."""
        return min(self.most, len(self.explainer.columns))

    @property
    def columns(self) -> list[str]:
        """`base`, a pair of a column and its effect for each, and the effect of all others together."""
        pairs = ((f"column_{number}", f"effect_{number}") for number in range(1, self.count + 1))
        return ["base", *chain.from_iterable(pairs), "effect_other"]

    def cells(self, effects: Effects) -> list[object]:
        """Those of `columns`, whose numbers sum to the prediction."""
        largest = np.argsort(-np.abs(effects.effects), kind="stable")[: self.count]
        cells: list[object] = [effects.base]
        for index in largest.tolist():
            cells += [self.explainer.columns[index], float(effects.effects[index])]
        return [*cells, float(np.delete(effects.effects, largest).sum())]


def _scores(predictor: Predictor, features: Sequence[FloatArray]) -> FloatArray:
    """The scores, (n, outputs), of n rows with these features."""
    rows = len(features[0])
    batches = (
        [part[start : start + SCORING_BATCH] for part in features] for start in range(0, rows, SCORING_BATCH)
    )
    scores = [batch.copy() for batch in predictor.feature_scores(batches)]
    return np.concatenate(scores) if scores else np.empty((0, predictor.decoder.output.size))
