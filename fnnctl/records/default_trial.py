"""Is a search's winner better than the default trial by more than chance, by their objectives?

The winner is the best of many trials, so p is corrected for their number. On folds the trials are compared in
pairs. Of a single validation part only the metric is recorded; for an accuracy, its rows say how much chance
there is, as if the two had been scored on different rows, which overestimates it a little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from fnnctl.metrics.paired import LEVEL, paired_test
from fnnctl.metrics.registry import metric_of
from fnnctl.records.confirmation import Confirmation
from fnnctl.records.standings import Standings, finite_objective
from fnnctl.records.trials import FOLDS, Direction, JobKey, Result
from fnnctl.store.manifest import DefaultTrialFacts


@dataclass(frozen=True, slots=True)
class Measurement:
    """How the objective of a search was measured."""

    metric: str
    direction: Direction
    test_share: float | None
    """The number of test rows per training row of the folds; None on a validation part."""
    rows: int
    """The number of rows on which trials are measured, unless these are folds."""


def is_doubtful(comparison: DefaultTrialFacts) -> bool:
    """Whether the two cannot be told apart."""
    return comparison.p is not None and comparison.p > LEVEL


def compare_with_default_trial(
    results: Mapping[JobKey, Result],
    standings: Standings,
    measurement: Measurement,
    *,
    winner: int,
    default: int | None,
    confirmed: Confirmation | None,
) -> DefaultTrialFacts:
    """Compare the trial `winner` with `default`, the trial with the default settings, if there is one."""
    best = standings.latest[winner]
    rivals = [contender for contender in standings.contenders() if contender.trial != winner]
    tests = [_chance(best, rival, measurement) for rival in rivals]
    ties = None if None in tests or not tests else sum(p is not None and p > LEVEL for p in tests)
    if default is None or default not in standings.latest:
        return DefaultTrialFacts(winner=winner, ties=ties)
    if default == winner:
        return DefaultTrialFacts(winner=winner, trial=default, ties=ties)
    if confirmed and confirmed.chosen and (comparison := confirmed.comparisons.get(default)):
        means = {leader.trial: leader.mean for leader in confirmed.leaders}
        pair = means[winner] or 0.0, means[default] or 0.0
        return DefaultTrialFacts(
            winner=winner,
            trial=default,
            budget=confirmed.budget,
            objectives=pair,
            p=comparison.p_holm,
            ties=len(confirmed.tied),
        )
    behind = results.get((default, best.budget))
    if behind is None or finite_objective(behind) is None:  # fewer epochs say little about the end
        return DefaultTrialFacts(winner=winner, trial=default, ties=ties)
    p, compared = _chance(best, behind, measurement), max(1, len(standings.latest) - 1)
    scores = finite_objective(best) or 0.0, finite_objective(behind) or 0.0
    leaders = confirmed.leaders if confirmed and confirmed.chosen else ()
    return DefaultTrialFacts(
        winner=winner,
        trial=default,
        budget=behind.budget,
        objectives=scores,
        p=None if p is None else min(1.0, p * compared),
        compared=compared,
        ties=ties,
        unconfirmed=bool(leaders) and default not in {leader.trial for leader in leaders},
    )


def _chance(ahead: Result, behind: Result, measurement: Measurement) -> float | None:
    """The two-sided p of the difference of two results, not corrected; None if it is unknown."""
    one, other = finite_objective(ahead), finite_objective(behind)
    if one is None or other is None:
        return None
    if measurement.test_share is not None:
        scores = [(result.facts or {}).get(FOLDS) or () for result in (ahead, behind)]
        if len(scores[0]) != len(scores[1]) or len(scores[0]) < 2:
            return None
        return paired_test(*scores, test_share=measurement.test_share).p
    metric = metric_of(measurement.metric)
    if metric is None or not metric.is_share or not measurement.rows:
        return None
    if one == other:
        return 1.0
    share = (one + other) / 2
    deviation = math.sqrt(2 * share * (1 - share) / measurement.rows)
    return 2 * NormalDist().cdf(-abs(one - other) / deviation)
