"""Why a row has its prediction: how much each column moves it from the mean prediction of background rows.

The features of a row and of the background are computed once; a row that has some columns of the one and the
others of the other is made of both. All features of a column go together: see `feature_importance`. What is
explained is an estimate, in the units of the target, or the log-odds of the predicted class. Several targets
are explained by the same scores.
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
    effects: tuple[Effects, ...]
    """Those on each target."""


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
        scores = _scores(self.predictor, features)
        predicted = [
            task.predicted_indices(of_target, decoder)
            for task, decoder, of_target in self.predictor.target_scores(scores)
        ]
        of_rows = np.stack(predicted, axis=1).tolist()
        values = self._between(features, of_rows)
        for row, indices in enumerate(of_rows):
            of_row = self._explained_values(scores[row : row + 1], indices)
            of_background = self._explained_values(self.scores, indices)
            effects = (
                shapley_effects(value.item(), own_background, between, self.turns)
                for value, own_background, between in zip(of_row, of_background, values[row], strict=True)
            )
            yield ExplainedRow(scores[row], tuple(effects))

    def _explained_values(self, scores: FloatArray, indices: Sequence[int]) -> list[FloatArray]:
        """What is explained of each target, (n,): of classes, the log-odds of the one of this index."""
        return [
            task.explained(of_target, decoder, index)
            for (task, decoder, of_target), index in zip(
                self.predictor.target_scores(scores), indices, strict=True
            )
        ]

    def _between(self, features: Sequence[FloatArray], predicted: Sequence[Sequence[int]]) -> FloatArray:
        """What is explained of background rows that have some columns of n rows.

        `predicted` are the indices of each row, see `_explained_values`; returns (n, T, b, 2, columns − 1).
        """
        background, orders, columns = self.turns.shape
        targets = len(self.predictor.task.tasks)
        values = np.empty((len(predicted), targets, background * orders * (columns - 1)))
        for start in range(0, values.shape[2], SCORING_BATCH):
            stop = min(start + SCORING_BATCH, values.shape[2])
            order, turn = np.divmod(np.arange(start, stop), columns - 1)
            taken = [turns[order] <= turn[:, None] for turns in self.feature_turns]
            rest = [part[order // orders] for part in self.background]
            mixed = (
                [np.where(*parts) for parts in zip(taken, of_row, rest, strict=True)]
                for of_row in zip(*features, strict=True)
            )
            for row, scores in enumerate(self.predictor.feature_scores(mixed)):
                values[row, :, start:stop] = self._explained_values(scores, predicted[row])
        return values.reshape(len(predicted), targets, background, orders, columns - 1)


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
        """`base`, a pair of a column and its effect for each, and the effect of all others together.

        Of several targets `price_base` and so on.
        """
        pairs = ((f"column_{number}", f"effect_{number}") for number in range(1, self.count + 1))
        columns = ["base", *chain.from_iterable(pairs), "effect_other"]
        targets = self.explainer.predictor.task.targets
        if len(targets) == 1:
            return columns
        return [f"{target}_{column}" for target in targets for column in columns]

    def cells(self, row: ExplainedRow) -> list[object]:
        """Those of `columns`, whose numbers sum to the prediction of each target."""
        return [cell for effects in row.effects for cell in self._cells(effects)]

    def _cells(self, effects: Effects) -> list[object]:
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
