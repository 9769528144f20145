"""Confidence intervals of a share and of an AUC."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.ranking import Ranking, roc_auc

Z_95 = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: float, total: float) -> list[float] | None:
    """The 95 % interval of a share (Wilson, JASA 22, 1927); None if `total` is 0."""
    return _wilson(successes / total, total) if total else None


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
        of_positive, of_negative = _influences(ranking)
        squares = ranking.new_positives @ of_positive**2 + ranking.new_negatives @ of_negative**2
        variance = float(squares)
    return AucEstimate(area, variance, 4 * m * n / (m + n + 2))


def add_influences(total: FloatArray, ranking: Ranking, reached: IntArray, is_positive: BoolArray) -> None:
    """Add each row's influence on the class's AUC to `total` (n,); `reached` comes from `rank_scores`.

    It is (V₁₀ − AUC)/√(m(m−1)) or (V₀₁ − AUC)/√(n(n−1)), so that the squares add up to DeLong's variance.
    The class needs two positives and two negatives.
    """
    of_positive, of_negative = _influences(ranking)
    influence = of_negative[reached]
    influence[is_positive] = of_positive[reached[is_positive]]
    total += influence


def mean_auc(estimates: Sequence[AucEstimate | None], influence: FloatArray) -> AucEstimate | None:
    """The mean over the classes that have an AUC, or None; `influence` (n,) is the sum over these classes.

    A row's influence on the mean is the mean of its influences on the classes (infinitesimal jackknife). This
    accounts for the dependence between classes: with two classes the interval is that of either. The
    effective sample size of the mean is at most C − 1 times the harmonic mean of the classes' limits: the
    variances of independent areas add up, and the last class's scores follow from the others'.
    """
    found = [estimate for estimate in estimates if estimate is not None]
    if not found:
        return None
    has_variance = all(estimate.variance is not None for estimate in found)
    trials_of_one = len(found) / math.fsum(1 / estimate.most_trials for estimate in found)
    return AucEstimate(
        area=math.fsum(estimate.area for estimate in found) / len(found),
        variance=float(influence @ influence) / len(found) ** 2 if has_variance else None,
        most_trials=max(1, len(found) - 1) * trials_of_one,
    )


def _influences(ranking: Ranking) -> tuple[FloatArray, FloatArray]:
    """The influence of a positive and of a negative at each threshold, (G,); integers until the division."""
    m, n = ranking.positives, ranking.negatives
    wins, losses = ranking.doubled_wins, ranking.doubled_losses
    total = ranking.new_positives @ wins
    of_positive = (m * wins - total) / (2 * m * n * math.sqrt(m * (m - 1)))
    of_negative = (n * losses - total) / (2 * m * n * math.sqrt(n * (n - 1)))
    return of_positive, of_negative


def _wilson(share: float, trials: float) -> list[float]:
    pull = Z_95**2 / trials
    centre = (share + pull / 2) / (1 + pull)
    half_width = math.sqrt(pull * (share * (1 - share) + pull / 4)) / (1 + pull)
    return [centre - half_width if share > 0 else 0.0, centre + half_width if share < 1 else 1.0]
