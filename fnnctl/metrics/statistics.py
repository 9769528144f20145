"""Confidence intervals: how far a share or an AUC, measured on so few rows, may be from the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.ranking import Ranking, roc_auc

Z_95 = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: int, total: int) -> list[float] | None:
    """The 95 % interval of a share (Wilson, JASA 22, 1927); None where `total` is 0."""
    if not total:
        return None
    share = successes / total
    pull = Z_95**2 / total
    centre = (share + pull / 2) / (1 + pull)
    half_width = math.sqrt(pull * (share * (1 - share) + pull / 4)) / (1 + pull)
    return [
        centre - half_width if successes > 0 else 0.0,
        centre + half_width if successes < total else 1.0,
    ]


@dataclass(frozen=True, slots=True)
class AucEstimate:
    """A ROC AUC, and what its uncertainty is computed from."""

    area: float
    influence: FloatArray | None
    """(n,) each row's part in the error; the squares add up to the variance. None where m or n is 1."""
    disjoint_pairs: int
    """How many pairs of a positive and a negative can be formed without using a row twice."""

    def interval(self) -> list[float] | None:
        """The 95 % interval, or None where there is no variance or no spread (all scores equal).

        It is symmetric on the logit scale, so that it stays within [0, 1] (Pepe, 2003, section 5.2).
        An area of exactly 1 or 0 has no logit, and gets a one-sided bound instead. All k disjoint pairs were
        in the right order, which happens with probability AUCᵏ: an AUC below 0.05^(1/k), about 1 − 3/k,
        is refuted at 95 %. The bound is exact for these pairs and cautious for all of them.
        """
        if self.area in (0.0, 1.0):
            bound = 0.05 ** (1 / self.disjoint_pairs)
            return [bound, 1.0] if self.area else [0.0, 1.0 - bound]
        variance = 0.0 if self.influence is None else float(self.influence @ self.influence)
        if not variance:
            return None
        logit = math.log(self.area / (1 - self.area))
        half_width = Z_95 * math.sqrt(variance) / (self.area * (1 - self.area))
        return [_logistic(logit - half_width), _logistic(logit + half_width)]


def estimate_auc(ranking: Ranking) -> AucEstimate | None:
    """The AUC of one class with DeLong's variance; None without a positive or without a negative.

    A positive's placement V₁₀ is the share of the negatives below it, a negative's V₀₁ the share of the
    positives above it (DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988; from ranks as in Sun & Xu, IEEE
    Signal Processing Letters 21, 2014). The variance is var(V₁₀)/m + var(V₀₁)/n, so that the influence
    of a row is (V₁₀ − AUC)/√(m(m−1)) or (V₀₁ − AUC)/√(n(n−1)).
    """
    area = roc_auc(ranking)
    if area is None:
        return None
    m, n = ranking.positives, ranking.negatives
    return AucEstimate(area, _influence(ranking) if min(m, n) > 1 else None, min(m, n))


def mean_auc(estimates: Sequence[AucEstimate | None]) -> AucEstimate | None:
    """The mean over the classes that have an AUC, or None.

    A row's influence on the mean is the mean of its influences on the classes (infinitesimal jackknife), so
    that the classes' dependence is counted: for two classes the interval is that of either. Where the mean is
    1, so is every class's area, and the class with the fewest disjoint pairs bounds the mean.
    """
    found = [estimate for estimate in estimates if estimate is not None]
    if not found:
        return None
    influences = [estimate.influence for estimate in found if estimate.influence is not None]
    return AucEstimate(
        area=math.fsum(estimate.area for estimate in found) / len(found),
        influence=np.mean(influences, axis=0) if len(influences) == len(found) else None,
        disjoint_pairs=min(estimate.disjoint_pairs for estimate in found),
    )


def _influence(ranking: Ranking) -> FloatArray:
    """Each row's influence on the AUC, in the rows' own order; whole numbers until the last division."""
    m, n = ranking.positives, ranking.negatives
    wins, losses = ranking.doubled_wins, ranking.doubled_losses
    total = ranking.new_positives @ wins
    of_positive = (m * wins - total) / (2 * m * n * math.sqrt(m * (m - 1)))
    of_negative = (n * losses - total) / (2 * m * n * math.sqrt(n * (n - 1)))
    ties = np.diff(ranking.true_positives + ranking.false_positives, prepend=0)
    step = np.repeat(np.arange(len(ties)), ties)
    influence = np.empty(len(step))
    influence[ranking.order] = np.where(
        ranking.is_positive[ranking.order], of_positive[step], of_negative[step]
    )
    return influence


def _logistic(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))
