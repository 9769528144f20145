"""The rankings of one part of the data; both its scores and its curves are computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.ranking import Ranking, class_rankings, micro_ranking
from fnnctl.metrics.statistics import AucEstimate, add_influences, estimate_auc, mean_auc


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
