"""What each threshold of a decision between two classes gains and loses, for a table and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.schema.model import DEFAULT_THRESHOLD
from fnnctl.metrics.decisions.thresholds import Costs, candidates, counts_at

MOST_SHOWN = 200
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


def shown_thresholds(is_positive: BoolArray, scores: FloatArray, marked: Sequence[float]) -> FloatArray:
    """At most `MOST_SHOWN` thresholds, rising: the default, the `marked` ones, and others that differ.

    If there are too many `candidates`, half of the others have evenly spaced ranks among all scores and half
    among those of positive rows: where these are rare, most scores are close to 0.
    """
    fixed = np.unique([DEFAULT_THRESHOLD, *marked])
    between, room = candidates(scores), MOST_SHOWN - len(fixed)
    if len(between) > room:
        groups = [np.sort(scores), np.sort(scores[is_positive])]
        ranked = [_evenly(group, (room - 2) // len(groups)) for group in groups if len(group)]
        at = np.searchsorted(between, np.concatenate(ranked), side="left")
        ends = 0, len(between) - 1
        between = between[np.unique(np.append(at.clip(*ends), ends))]
    return np.unique(np.concatenate([between, fixed]))


def mean_trade_offs(of_repeats: Sequence[TradeOffs]) -> TradeOffs:
    """The means over several repeats with the same thresholds; a precision's is over those that have one."""
    if len(of_repeats) == 1:
        return of_repeats[0]
    costs = [each.cost for each in of_repeats if each.cost is not None]
    return TradeOffs(
        of_repeats[0].thresholds,
        precision=_mean([each.precision for each in of_repeats]),
        recall=_mean([each.recall for each in of_repeats]),
        f1=_mean([each.f1 for each in of_repeats]),
        false_positive_rate=_mean([each.false_positive_rate for each in of_repeats]),
        predicted_positive=_mean([each.predicted_positive for each in of_repeats]),
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
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return _share(total, known.sum(axis=0))
