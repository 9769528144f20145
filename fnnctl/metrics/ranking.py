"""Counts of one class against the rest, ordered by score, from which ROC and precision-recall are computed.

All counts are integers and equal scores form one step, so areas are exact up to one division and do not
depend on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Ranking:
    """Counts of n rows at G of their distinct scores: those that affect an area or a curve.

    A score is left out if it and the next lower score have no row of the class and equally many rows: then no
    curve bends there, and no area changes. So a ranking is small if the class is rare.
    """

    thresholds: FloatArray
    """(G,) the scores, falling."""
    true_positives: IntArray
    """(G,) rows of the class whose score is at least the threshold."""
    false_positives: IntArray
    """(G,) rows of other classes whose score is at least the threshold."""

    @property
    def positives(self) -> int:
        """The number of rows of the class."""
        return int(self.true_positives[-1]) if len(self.thresholds) else 0

    @property
    def negatives(self) -> int:
        """The number of all other rows."""
        return int(self.false_positives[-1]) if len(self.thresholds) else 0

    @property
    def new_positives(self) -> IntArray:
        """(G,) rows of the class at exactly this score."""
        return _steps(self.true_positives)

    @property
    def new_negatives(self) -> IntArray:
        """(G,) rows of other classes at this score, or between it and the previous one."""
        return _steps(self.false_positives)

    @property
    def doubled_wins(self) -> IntArray:
        """(G,) twice the number of negatives that a positive at this score beats, ties counted half."""
        return 2 * self.negatives - _two_sided(self.false_positives)

    @property
    def doubled_losses(self) -> IntArray:
        """(G,) twice the number of positives that beat a negative at this score, ties counted half."""
        return _two_sided(self.true_positives)


def rank_scores(is_positive: BoolArray, scores: FloatArray) -> tuple[Ranking, IntArray]:
    """Sort `scores` (n,) and count; `is_positive` (n,) marks the rows of the class.

    Also returns, for each row, the index of the first threshold that is not above its score, (n,).
    """
    order = np.argsort(scores)
    rising = scores[order]
    ranking = _count(rising, rising[is_positive[order]])
    sizes = ranking.new_positives + ranking.new_negatives
    reached = np.empty(len(scores), dtype=np.intp)
    reached[order[::-1]] = np.repeat(np.arange(len(sizes)), sizes)
    return ranking, reached


def class_rankings(labels: IntArray, probabilities: FloatArray) -> Iterator[tuple[Ranking, IntArray]]:
    """Yield `rank_scores` of each class against the rest, from labels (n,) and probabilities (n, C)."""
    for column in range(probabilities.shape[1]):
        yield rank_scores(labels == column, probabilities[:, column].copy())


def micro_ranking(labels: IntArray, probabilities: FloatArray) -> Ranking:
    """All n·C (row, class) pairs of labels (n,) and probabilities (n, C) as one ranking.

    A pair is positive if the row is of the class. The scores are sorted without their indices, which needs
    only one copy of `probabilities`.
    """
    of_labels = probabilities[np.arange(len(labels)), labels]
    of_labels.sort()
    return _count(np.sort(probabilities, axis=None), of_labels)


def roc_auc(ranking: Ranking) -> float | None:
    """The share of (positive, negative) pairs in the right order; ties count half; None without pairs."""
    pairs = ranking.positives * ranking.negatives
    return int(ranking.new_positives @ ranking.doubled_wins) / (2 * pairs) if pairs else None


def average_precision(ranking: Ranking) -> float | None:
    """Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, scikit-learn's definition; None without positives."""
    if not ranking.positives:
        return None
    precision = ranking.true_positives / (ranking.true_positives + ranking.false_positives)
    return float(ranking.new_positives @ precision) / ranking.positives


def _count(rising: FloatArray, positives: FloatArray) -> Ranking:
    """The ranking of all scores (n,); `positives` (m,) are those of the class; both in rising order."""
    falling, n = rising[::-1], len(rising)
    if not n:
        return Ranking(falling, np.empty(0, np.int64), np.empty(0, np.int64))
    of_class = np.unique(positives)
    is_point = np.zeros(n, dtype=np.bool_)  # indices would take eight times the memory
    before_them = n - 1 - np.searchsorted(rising, of_class, side="right")
    is_point[before_them[before_them >= 0]] = True
    is_point[n - 1 - np.searchsorted(rising, np.append(of_class, rising[-1]), side="left")] = True
    is_point[_size_changes(falling)] = True
    is_point[-1] = True
    del before_them, of_class
    points = np.flatnonzero(is_point)
    thresholds = falling[points]
    true_positives = len(positives) - np.searchsorted(positives, thresholds, side="left")
    return Ranking(thresholds, true_positives, points + 1 - true_positives)


def _size_changes(ordered: FloatArray) -> IntArray:
    """The last index of each run of equal scores that is followed by a longer or a shorter run.

    Most scores differ from both adjacent ones. They are skipped with masks, because indices of all n·C pairs
    of a micro average would take as much memory as the pairs. What remains are the runs of more than one
    score and the score before each, so the length of such a run is the distance to the previous index.
    """
    is_last = np.ones(len(ordered) + 2, dtype=np.bool_)  # as if there were a different score at each end
    np.not_equal(ordered[1:], ordered[:-1], out=is_last[1:-2])
    looked_at = is_last[:-2] & is_last[2:]
    np.logical_not(looked_at, out=looked_at)
    looked_at &= is_last[1:-1]
    ends = np.flatnonzero(looked_at)
    limits = np.concatenate(([-1], ends, [len(ordered)]))
    length = np.where(is_last[ends], 1, ends - limits[:-2])
    length_of_next = np.where(is_last[ends + 2], 1, limits[2:] - ends)
    changes: IntArray = ends[length != length_of_next]
    return changes


def _two_sided(cumulative: IntArray) -> IntArray:
    """The count up to this score plus the count before it: twice a count in which ties count half."""
    both = cumulative.copy()
    both[1:] += cumulative[:-1]
    return both


def _steps(cumulative: IntArray) -> IntArray:
    """The differences between consecutive counts, from 0 on; `np.diff` takes ten times as long for a few."""
    steps = cumulative.copy()
    steps[1:] -= cumulative[:-1]
    return steps
