"""The threshold of a decision between two classes: counts at any threshold, the best one by a rule, and
rates.

A row is predicted to be positive if its score, the probability of the positive class, is at or above the
threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray

EVEN: Final = 0.5
"""At this threshold the more probable class is predicted, which is the default of `model.threshold`."""


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
"""What the best threshold maximizes: F1, or Youden's J = recall − false positive rate; or the costs that it
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
    thresholds = np.unique(scores)
    below, above = np.append(0.0, thresholds), np.append(thresholds, 1.0)
    middles = below + (above - below) / 2
    # Between two adjacent floating-point numbers there is no other: the upper one separates them as well.
    middles[1:] = np.where(middles[1:] > below[1:], middles[1:], above[1:])
    candidates: FloatArray = middles[:-1] if thresholds[-1] == 1.0 else middles
    return candidates


def choose_threshold(is_positive: BoolArray, scores: FloatArray, rule: Rule) -> float | None:
    """The best of the `candidates` for n rows, (n,) each; of equally good ones the nearest to 0.5.

    Of two that are equally near, it is the lower one. None if there are no positive or no negative rows, or
    if a score is not finite.
    """
    if not len(scores) or is_positive.all() or not is_positive.any() or not np.isfinite(scores).all():
        return None
    thresholds = candidates(scores)
    return _best(thresholds, _quality(counts_at(is_positive, scores, thresholds), rule))


FOLDS: Final = 5
"""The folds of `decide_across`: as usual, four fifths of the rows choose."""


def decide_across(is_positive: BoolArray, scores: FloatArray, rule: Rule) -> BoolArray | None:
    """Which of n rows are predicted to be positive, (n,), at the best threshold for the rows of other folds.

    The rows, (n,) each, are divided into `FOLDS` folds in their order, positive and negative ones alike. None
    if the others of a fold determine no threshold.
    """
    folds = np.where(is_positive, np.cumsum(is_positive), np.cumsum(~is_positive)) % FOLDS
    predicted = np.zeros(len(scores), np.bool_)
    for fold in range(FOLDS):
        is_inside = folds == fold
        threshold = choose_threshold(is_positive[~is_inside], scores[~is_inside], rule)
        if threshold is None:
            return None
        predicted[is_inside] = scores[is_inside] >= threshold
    return predicted


def _best(thresholds: FloatArray, quality: FloatArray | IntArray) -> float:
    """The threshold with the highest quality, (t,) each; of equally good ones the nearest to 0.5."""
    best = thresholds[quality == quality.max()]
    return float(best[np.argmin(np.abs(best - EVEN))])


def _quality(counts: Counts, rule: Rule) -> FloatArray | IntArray:
    match rule:
        case Costs():
            return -rule.per_row(counts)
        case "f1":
            return counts.f1
        case "youden":
            # J times the numbers of positive and negative rows: whole numbers, so that ties are exact.
            return counts.true_positives * counts.negatives - counts.false_positives * counts.positives
    raise ValueError(f"{rule} is not a rule for a threshold")


MAX_SHOWN = 200
"""The most thresholds of a table."""


@dataclass(frozen=True, slots=True)
class TradeOffs:
    """The rates at t thresholds, (t,) each; NaN where a rate does not exist."""

    thresholds: FloatArray
    """Rising."""
    precision: FloatArray
    """NaN where no row is predicted to be positive."""
    recall: FloatArray
    f1: FloatArray
    false_positive_rate: FloatArray
    predicted_positive: FloatArray
    """The share of all rows."""
    cost: FloatArray | None
    """Per row; None without costs."""


def trade_offs(
    is_positive: BoolArray, scores: FloatArray, thresholds: FloatArray, costs: Costs | None = None
) -> TradeOffs:
    """The rates of n ≥ 1 rows, (n,) each, at rising thresholds (t,)."""
    counts = counts_at(is_positive, scores, thresholds)
    return TradeOffs(
        thresholds,
        precision=_share(counts.true_positives, counts.predicted),
        recall=_share(counts.true_positives, np.array(counts.positives)),
        f1=counts.f1,
        false_positive_rate=_share(counts.false_positives, np.array(counts.negatives)),
        predicted_positive=counts.predicted / len(scores),
        cost=None if costs is None else costs.per_row(counts),
    )


ScoredRows: TypeAlias = tuple[BoolArray, FloatArray]
"""Which of n rows are positive, (n,), and their scores, (n,)."""

RECALLS: Final = (0.9, 0.75, 0.5, 0.25)
"""A table has the largest threshold of each recall at least this high."""
MIN_OF_CLASS: Final = 5
"""With fewer rows of a class, what is best for them says little about other rows."""


@dataclass(frozen=True, slots=True)
class BestF1:
    """The largest F1 of all thresholds."""

    threshold: float
    f1: float
    precision: float
    recall: float


def best_f1(repeats: Sequence[ScoredRows]) -> BestF1 | None:
    """The largest F1, averaged over repeats of the same rows, and the rates at its threshold.

    Of equally good thresholds it is the nearest to 0.5, which is one of them. None with fewer than
    `MIN_OF_CLASS` rows of a class.
    """
    is_positive, scores = _pooled(repeats)
    positives = np.count_nonzero(is_positive)
    if min(positives, len(is_positive) - positives) < MIN_OF_CLASS * len(repeats):
        return None
    thresholds = np.union1d(candidates(scores), EVEN)
    best = _best(thresholds, _total_f1(repeats, thresholds))
    rates = mean_trade_offs([trade_offs(*rows, np.array([best])) for rows in repeats])
    return BestF1(best, *(float(values[0]) for values in (rates.f1, rates.precision, rates.recall)))


def _total_f1(repeats: Sequence[ScoredRows], thresholds: FloatArray) -> FloatArray:
    """The sum over the repeats at each threshold, (t,)."""
    total = np.zeros(len(thresholds))
    for rows in repeats:
        total += counts_at(*rows, thresholds).f1
    return total


def table_thresholds(
    repeats: Sequence[ScoredRows], marked: Sequence[float], costs: Costs | None = None
) -> FloatArray:
    """At most `MAX_SHOWN` thresholds, rising: the default, the `marked` ones, and others that differ.

    If there are too many `candidates`, those with the largest F1, the lowest cost and each of `RECALLS` are
    kept, all averaged over repeats of the same rows. Half of the others have evenly spaced ranks among all
    scores and half among those of positive rows: where these are rare, most scores are close to 0.
    """
    is_positive, scores = _pooled(repeats)
    fixed, between = np.unique([EVEN, *marked]), candidates(scores)
    if len(between) > MAX_SHOWN - len(fixed):
        fixed = np.union1d(fixed, _best_thresholds(repeats, between, costs))
        groups = [np.sort(scores), np.sort(scores[is_positive])]
        room = MAX_SHOWN - len(fixed) - 2
        ranked = [_evenly(group, room // len(groups)) for group in groups if len(group)]
        at = np.searchsorted(between, np.concatenate(ranked), side="left")
        ends = 0, len(between) - 1
        between = between[np.unique(np.append(at.clip(*ends), ends))]
    return np.union1d(between, fixed)


def _best_thresholds(
    repeats: Sequence[ScoredRows], thresholds: FloatArray, costs: Costs | None
) -> list[float]:
    """Of all thresholds, those with the largest mean F1, the lowest mean cost, and each of `RECALLS`."""
    recall, cost = np.zeros(len(thresholds)), np.zeros(len(thresholds))
    for rows in repeats:
        counts = counts_at(*rows, thresholds)
        recall += counts.true_positives / max(counts.positives, 1)
        if costs is not None:
            cost += costs.per_row(counts)
    recall /= len(repeats)
    best = [float(thresholds[recall >= least][-1]) for least in RECALLS if recall[0] >= least]
    best.append(_best(thresholds, _total_f1(repeats, thresholds)))
    return best if costs is None else [*best, _best(thresholds, -cost)]


def _pooled(repeats: Sequence[ScoredRows]) -> ScoredRows:
    is_positive, scores = (np.concatenate(column) for column in zip(*repeats, strict=True))
    return is_positive, scores


def mean_trade_offs(repeats: Sequence[TradeOffs]) -> TradeOffs:
    """The means over several repeats with the same thresholds; a precision's is over those that have one."""
    if len(repeats) == 1:
        return repeats[0]
    costs = [rates.cost for rates in repeats if rates.cost is not None]
    return TradeOffs(
        repeats[0].thresholds,
        precision=_mean([rates.precision for rates in repeats]),
        recall=_mean([rates.recall for rates in repeats]),
        f1=_mean([rates.f1 for rates in repeats]),
        false_positive_rate=_mean([rates.false_positive_rate for rates in repeats]),
        predicted_positive=_mean([rates.predicted_positive for rates in repeats]),
        cost=_mean(costs) if costs else None,
    )


def _evenly(ordered: FloatArray, most: int) -> FloatArray:
    """At most `most` of the scores, evenly spaced by rank, with both ends."""
    return ordered[np.linspace(0, len(ordered) - 1, min(len(ordered), most)).astype(np.intp)]


def _share(part: FloatArray | IntArray, whole: IntArray) -> FloatArray:
    """Divide, (t,); NaN where the denominator is 0."""
    share: FloatArray = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share


def _mean(values: Sequence[FloatArray]) -> FloatArray:
    """The mean, (t,), over the values that exist; NaN where none does."""
    is_known = ~np.isnan(values)
    total = np.where(is_known, values, 0.0).sum(axis=0)
    return _share(total, is_known.sum(axis=0))
