"""One class against the rest, ordered by score: what every ROC and precision-recall number is counted from.

All counts are whole numbers and equal scores are one step, so areas are exact up to one division and
do not depend on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Ranking:
    """n rows by falling score, with counts at each of the G distinct scores."""

    is_positive: BoolArray
    """(n,) whether a row belongs to the class; in the rows' own order."""
    order: IntArray
    """(n,) row indices, the highest score first."""
    thresholds: FloatArray
    """(G,) the distinct scores, falling."""
    true_positives: IntArray
    """(G,) rows of the class whose score is at least the threshold."""
    false_positives: IntArray
    """(G,) rows of other classes whose score is at least the threshold."""

    @property
    def positives(self) -> int:
        """How many rows belong to the class."""
        return int(self.true_positives[-1]) if len(self.order) else 0

    @property
    def negatives(self) -> int:
        """How many rows do not."""
        return len(self.order) - self.positives

    @property
    def new_positives(self) -> IntArray:
        """(G,) rows of the class at exactly this score."""
        return np.diff(self.true_positives, prepend=0)

    @property
    def doubled_wins(self) -> IntArray:
        """(G,) twice the number of negatives that a positive at this score beats, ties counted half."""
        return 2 * self.negatives - _two_sided(self.false_positives)

    @property
    def doubled_losses(self) -> IntArray:
        """(G,) twice the number of positives that beat a negative at this score, ties counted half."""
        return _two_sided(self.true_positives)


def rank_scores(is_positive: BoolArray, scores: FloatArray) -> Ranking:
    """Order `scores` (n,) and count; `is_positive` (n,) tells the rows of the class."""
    order = np.argsort(scores)[::-1]
    falling = scores[order]
    is_last_of_ties = np.ones(len(order), dtype=np.bool_)
    is_last_of_ties[:-1] = falling[1:] != falling[:-1]
    ends = np.flatnonzero(is_last_of_ties)
    true_positives = np.cumsum(is_positive[order], dtype=np.int64)[ends]
    return Ranking(is_positive, order, falling[ends], true_positives, ends + 1 - true_positives)


def class_rankings(labels: IntArray, probabilities: FloatArray) -> Iterator[Ranking]:
    """Yield each class against the rest, in the order of the columns of `probabilities` (n, C)."""
    for column in range(probabilities.shape[1]):
        yield rank_scores(labels == column, probabilities[:, column])


def micro_ranking(labels: IntArray, probabilities: FloatArray) -> Ranking:
    """All n·C pairs of a row and a class as one ranking: is this row of this class?"""
    is_positive = labels[:, np.newaxis] == np.arange(probabilities.shape[1])
    return rank_scores(is_positive.ravel(), probabilities.ravel())


def roc_auc(ranking: Ranking) -> float | None:
    """The share of (positive, negative) pairs in the right order, ties counted half; None without pairs."""
    pairs = ranking.positives * ranking.negatives
    return int(ranking.new_positives @ ranking.doubled_wins) / (2 * pairs) if pairs else None


def average_precision(ranking: Ranking) -> float | None:
    """Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, scikit-learn's definition; None without positives."""
    if not ranking.positives:
        return None
    precision = ranking.true_positives / (ranking.true_positives + ranking.false_positives)
    return float(ranking.new_positives @ precision) / ranking.positives


def _two_sided(cumulative: IntArray) -> IntArray:
    """The count up to this score plus the count before it: twice a count in which ties are half."""
    before: IntArray = np.append(0, cumulative[:-1])
    return cumulative + before
