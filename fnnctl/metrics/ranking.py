"""Rows ordered by a score: counts of one class against the rest, areas under curves, and their intervals.

All counts are integers and equal scores form one step, so areas are exact up to one division and do not
depend on the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

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
    label_probabilities = probabilities[np.arange(len(labels)), labels]
    label_probabilities.sort()
    return _count(np.sort(probabilities, axis=None), label_probabilities)


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
    distinct = np.unique(positives)
    is_point = np.zeros(n, dtype=np.bool_)  # indices would take eight times the memory
    before_them = n - 1 - np.searchsorted(rising, distinct, side="right")
    is_point[before_them[before_them >= 0]] = True
    is_point[n - 1 - np.searchsorted(rising, np.append(distinct, rising[-1]), side="left")] = True
    is_point[_size_changes(falling)] = True
    is_point[-1] = True
    del before_them, distinct
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


Z_95 = NormalDist().inv_cdf(0.975)


LEAST_VARIANCE: Final = 1e-24
"""Less is a rounding error: all rows are of one class."""


def fisher_interval(value: float, influences: FloatArray) -> list[float] | None:
    """The 95 % interval of a coefficient between −1 and 1 by Fisher's transformation atanh.

    The squares of the influences of the rows, (n,), add up to its variance (the delta method). None without a
    variance: for a coefficient of ±1.
    """
    variance = float(influences @ influences)
    if abs(value) >= 1.0 or not variance > LEAST_VARIANCE:
        return None
    centre, reach = math.atanh(value), Z_95 * math.sqrt(variance) / (1.0 - value**2)
    return [math.tanh(centre - reach), math.tanh(centre + reach)]


def wilson_interval(successes: float, total: float, *, quantile: float = Z_95) -> list[float] | None:
    """The interval of a share, by default of 95 % (Wilson, JASA 22, 1927); None if `total` is 0.

    `quantile` is the normal one at each end.
    """
    return _wilson(successes / total, total, quantile) if total else None


@dataclass(frozen=True, slots=True)
class AucEstimate:
    """A ROC AUC, and what its interval is computed from."""

    area: float
    variance: float | None
    """None with a single positive or a single negative."""
    most_trials: float
    """The largest effective sample size: see `interval`."""

    def interval(self) -> list[float] | None:
        """The 95 % interval, or None if there is no variance or no spread (all scores equal).

        It is Wilson's interval of a share with the effective sample size: the number of independent trials
        whose share would have this variance, area·(1 − area) / variance, up to a limit (Korn & Graubard,
        Survey Methodology 24, 1998, for shares in surveys). The limit is needed near 1, because there the
        variance comes from the few pairs in the wrong order and is far too small in most samples; at 1 it is
        0. The limit follows from Hanley & McNeil's variance (Radiology 143, 1982), symmetric in m positives
        and n negatives as in Newcombe (Statistics in Medicine 25, 2006, method 5). As the area approaches 1,
        that variance becomes the variance of a share of 4mn/(m + n + 2) trials. So for given m and n, no
        interval begins higher than that of an area of 1.
        """
        if self.area in (0.0, 1.0):
            return _wilson(self.area, self.most_trials)
        if not self.variance:
            return None
        return _wilson(self.area, min(self.area * (1 - self.area) / self.variance, self.most_trials))

    @property
    def lower_end(self) -> float:
        """The lower end of the interval; 0 if there is none."""
        interval = self.interval()
        return interval[0] if interval else 0.0

    @property
    def highest_lower_end(self) -> float:
        """That of an area of 1: no order of so many rows has a higher one."""
        return _wilson(1.0, self.most_trials)[0]


def estimate_auc(ranking: Ranking) -> AucEstimate | None:
    """The AUC of one class with DeLong's variance; None without a positive or without a negative.

    A positive's placement V₁₀ is the share of the negatives below it, a negative's V₀₁ the share of the
    positives above it (DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988; from ranks as in Sun & Xu, IEEE
    Signal Processing Letters 21, 2014). The variance is var(V₁₀)/m + var(V₀₁)/n.
    """
    area = roc_auc(ranking)
    if area is None:
        return None
    m, n = ranking.positives, ranking.negatives
    variance = None
    if min(m, n) > 1:
        positive, negative = _influences(ranking)
        squares = ranking.new_positives @ positive**2 + ranking.new_negatives @ negative**2
        variance = float(squares)
    return AucEstimate(area, variance, 4 * m * n / (m + n + 2))


def add_influences(total: FloatArray, ranking: Ranking, reached: IntArray, is_positive: BoolArray) -> None:
    """Add each row's influence on the class's AUC to `total` (n,); `reached` comes from `rank_scores`.

    It is (V₁₀ − AUC)/√(m(m−1)) or (V₀₁ − AUC)/√(n(n−1)), so that the squares add up to DeLong's variance.
    The class needs two positives and two negatives.
    """
    positive, negative = _influences(ranking)
    influence = negative[reached]
    influence[is_positive] = positive[reached[is_positive]]
    total += influence


def mean_auc(estimates: Sequence[AucEstimate | None], influence: FloatArray) -> AucEstimate | None:
    """The mean over the classes that have an AUC, or None; `influence` (n,) is the sum over these classes.

    A row's influence on the mean is the mean of its influences on the classes (infinitesimal jackknife). This
    accounts for the dependence between classes: with two classes the interval is that of either. The
    effective sample size of the mean is at most C − 1 times the harmonic mean of the classes' limits: the
    variances of independent areas add up, and the last class's scores follow from the others'.
    """
    areas = [estimate for estimate in estimates if estimate is not None]
    if not areas:
        return None
    has_variance = all(estimate.variance is not None for estimate in areas)
    trials_of_one = len(areas) / math.fsum(1 / estimate.most_trials for estimate in areas)
    return AucEstimate(
        area=math.fsum(estimate.area for estimate in areas) / len(areas),
        variance=float(influence @ influence) / len(areas) ** 2 if has_variance else None,
        most_trials=max(1, len(areas) - 1) * trials_of_one,
    )


def _influences(ranking: Ranking) -> tuple[FloatArray, FloatArray]:
    """The influence of a positive and of a negative at each threshold, (G,); integers until the division."""
    m, n = ranking.positives, ranking.negatives
    wins, losses = ranking.doubled_wins, ranking.doubled_losses
    total = ranking.new_positives @ wins
    positive = (m * wins - total) / (2 * m * n * math.sqrt(m * (m - 1)))
    negative = (n * losses - total) / (2 * m * n * math.sqrt(n * (n - 1)))
    return positive, negative


def _wilson(share: float, trials: float, quantile: float = Z_95) -> list[float]:
    pull = quantile**2 / trials
    centre = (share + pull / 2) / (1 + pull)
    half_width = math.sqrt(pull * (share * (1 - share) + pull / 4)) / (1 + pull)
    return [centre - half_width if share > 0 else 0.0, centre + half_width if share < 1 else 1.0]


@dataclass(frozen=True, slots=True)
class RankedPart:
    """n rows, ranked by the probability of each of C classes."""

    classes: tuple[Ranking, ...]
    """Each class against the rest."""
    pooled: Ranking
    """All n·C (row, class) pairs, for micro averages."""
    areas: tuple[AucEstimate | None, ...]
    """The ROC AUC of each class; None if the class has no rows or all of them."""
    mean_area: AucEstimate | None
    """The mean over the classes that have one."""


def rank_part(labels: IntArray, probabilities: FloatArray) -> RankedPart:
    """Rank labels (n,) and probabilities (n, C).

    Nearly all of the time is spent on sorting. It needs memory for a copy of `probabilities` and for the
    rankings, which are small if few scores are equal and C is large.
    """
    rankings: list[Ranking] = []
    areas: list[AucEstimate | None] = []
    influence = np.zeros(len(labels))
    for index, (ranking, reached) in enumerate(class_rankings(labels, probabilities)):
        area = estimate_auc(ranking)
        if area is not None and area.variance is not None:
            add_influences(influence, ranking, reached, labels == index)
        rankings.append(ranking)
        areas.append(area)
    pooled = micro_ranking(labels, probabilities)
    return RankedPart(tuple(rankings), pooled, tuple(areas), mean_auc(areas, influence))
