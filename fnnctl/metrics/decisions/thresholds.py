"""The threshold of a decision between two classes: counts at any threshold, and the best one by a rule.

A row is predicted to be positive if its score, the probability of the positive class, is at or above the
threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.schema.model import DEFAULT_THRESHOLD


@dataclass(frozen=True, slots=True)
class Costs:
    """What wrong decisions cost, in any unit; right ones cost nothing."""

    false_positive: float
    """The cost of each negative row that is predicted to be positive."""
    false_negative: float
    """The cost of each positive row that is predicted to be negative."""

    def per_row(self, counts: Counts) -> FloatArray:
        """The mean cost of a row at each threshold, (t,)."""
        total = counts.false_positives * self.false_positive + counts.false_negatives * self.false_negative
        mean: FloatArray = total / (counts.positives + counts.negatives)
        return mean


Rule: TypeAlias = Literal["f1", "youden"] | Costs
"""What the best threshold maximizes, F1 or Youden's J = recall − false positive rate; or whose cost it
minimizes."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The predictions at each of t thresholds, by whether they are right."""

    true_positives: IntArray
    """(t,)"""
    false_positives: IntArray
    """(t,)"""
    positives: int
    """Positive rows, whatever is predicted."""
    negatives: int
    """Negative rows."""

    @property
    def false_negatives(self) -> IntArray:
        """(t,)"""
        return self.positives - self.true_positives

    @property
    def predicted(self) -> IntArray:
        """Rows that are predicted to be positive, (t,)."""
        return self.true_positives + self.false_positives

    @property
    def f1(self) -> FloatArray:
        """(t,) scikit-learn's with `zero_division=0`; 0 without positive rows."""
        either = self.predicted + self.positives
        return np.divide(2 * self.true_positives, either, out=np.zeros(len(either)), where=either > 0)


def counts_at(is_positive: BoolArray, scores: FloatArray, thresholds: FloatArray) -> Counts:
    """The counts of n rows, (n,) each, at thresholds (t,)."""
    positive, negative = np.sort(scores[is_positive]), np.sort(scores[~is_positive])
    true_positives = len(positive) - np.searchsorted(positive, thresholds, side="left")
    false_positives = len(negative) - np.searchsorted(negative, thresholds, side="left")
    return Counts(true_positives, false_positives, len(positive), len(negative))


def candidates(scores: FloatArray) -> FloatArray:
    """The thresholds in [0, 1] that decide differently about n scores in [0, 1], rising.

    They are the midpoints between neighbouring scores, the one between 0 and the lowest score, where all rows
    are positive, and the one between the highest and 1, where none is. If the highest score is 1, there is no
    such threshold.
    """
    known = np.unique(scores)
    below, above = np.append(0.0, known), np.append(known, 1.0)
    middles = below + (above - below) / 2
    # Between two adjacent floating-point numbers there is no other: the upper one separates them as well.
    middles[1:] = np.where(middles[1:] > below[1:], middles[1:], above[1:])
    candidates: FloatArray = middles[:-1] if known[-1] == 1.0 else middles
    return candidates


def choose_threshold(is_positive: BoolArray, scores: FloatArray, rule: Rule) -> float | None:
    """The best of the `candidates` for n rows, (n,) each; of equally good ones the nearest to 0.5.

    Of two that are equally near, it is the lower one. None if there are no positive or no negative rows, or
    if a score is not finite.
    """
    if not len(scores) or is_positive.all() or not is_positive.any() or not np.isfinite(scores).all():
        return None
    thresholds = candidates(scores)
    quality = _quality(counts_at(is_positive, scores, thresholds), rule)
    best = thresholds[quality == quality.max()]
    return float(best[np.argmin(np.abs(best - DEFAULT_THRESHOLD))])


def _quality(counts: Counts, rule: Rule) -> FloatArray | IntArray:
    if isinstance(rule, Costs):
        return -rule.per_row(counts)
    if rule == "f1":
        return counts.f1
    # J times the numbers of positive and negative rows: whole numbers, so that ties are exact.
    return counts.true_positives * counts.negatives - counts.false_positives * counts.positives
