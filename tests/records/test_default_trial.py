"""A winner against the default settings, with p worked by hand or by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fnnctl.records.confirmation import Confirmation, Leader
from fnnctl.records.default_trial import Measurement, compare_with_default_trial, is_doubtful
from fnnctl.records.standings import Standings
from fnnctl.records.trials import FOLDS, Confirmed, Result, Status
from fnnctl.store.manifest import DefaultTrialFacts

ACCURACY = Measurement("accuracy", "maximize", test_share=None, rows=200)


def compared(
    results: list[Result],
    own: int | None,
    measurement: Measurement = ACCURACY,
    winner: int | None = None,
    confirmed: Confirmation | None = None,
) -> DefaultTrialFacts:
    standings = Standings(measurement.direction, results)
    assert standings.incumbent is not None
    return compare_with_default_trial(
        {each.key: each for each in results},
        standings,
        measurement,
        winner=standings.incumbent.trial if winner is None else winner,
        default=own,
        confirmed=confirmed,
    )


def result(trial: int, objective: float | None, budget: int = 9, **facts: object) -> Result:
    status = Status.DIVERGED if objective is None else Status.COMPLETED
    return Result(trial, 0, budget, status, objective, budget, facts=facts)


def test_accuracies_of_one_validation_part() -> None:
    """0.9 and 0.8 of 200 rows: z = 0.1 / √(2 · 0.85 · 0.15 / 200) = 2.80, p = 0.0051; thrice that."""
    found = compared([result(0, 0.8), result(1, 0.9), result(2, 0.89), result(3, None)], own=0)
    assert (found.winner, found.trial, found.budget, found.objectives) == (1, 0, 9, (0.9, 0.8))
    z = 0.1 / math.sqrt(2 * 0.85 * 0.15 / 200)
    assert found.p == pytest.approx(3 * 2 * stats.norm.sf(z))
    assert (found.compared, found.ties, is_doubtful(found)) == (3, 1, False)
    assert is_doubtful(compared([result(0, 0.88), result(1, 0.9)], own=0))
    assert compared([result(0, 0.9), result(1, 0.9)], own=1).p == 1.0


def test_folds_are_compared_in_pairs() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.7, 0.9, (2, 5)) + np.array([[0.1], [0.0]])
    results = [result(t, float(row.mean()), **{FOLDS: row.tolist()}) for t, row in enumerate(scores)]
    found = compared(results, 1, Measurement("roc_auc_macro", "maximize", test_share=0.25, rows=100))
    gains = scores[0] - scores[1]
    t = gains.mean() / (gains.std(ddof=1) * math.sqrt(1 / 5 + 1 / 4))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 4))


def test_only_as_many_folds_of_at_least_two_are_compared() -> None:
    measurement = Measurement("roc_auc_macro", "maximize", test_share=0.25, rows=100)

    def p(first: list[float], second: list[float]) -> float | None:
        results = [result(0, 0.9, folds=first), result(1, 0.8, folds=second)]
        return compared(results, 1, measurement).p

    assert p([0.9, 0.95], [0.8, 0.8]) is not None
    assert p([0.9, 0.95, 0.9], [0.8, 0.8]) is None
    assert p([0.9], [0.8]) is None


def test_a_confirmation_compares_the_means_over_its_seeds() -> None:
    results, scores = [result(0, 0.9), result(1, 0.8)], ((0.9, 0.85), (0.7, 0.8))
    leaders = [
        Leader(
            each,
            tuple(Confirmed(each.trial, 9, k, of_trial[k], 9, 9, 100, 50) for k in range(2)),
            frozenset(),
        )
        for each, of_trial in zip(results, scores, strict=True)
    ]
    confirmed = Confirmation(leaders, seeds=2, metric="accuracy", direction="maximize")
    found = compared(results, 1, confirmed=confirmed)
    assert found.objectives == pytest.approx((0.875, 0.75))
    assert (found.budget, found.p, found.compared) == (9, confirmed.comparisons[1].p_holm, 0)


def test_other_metrics_of_one_part_say_nothing_of_chance() -> None:
    found = compared(
        [result(0, 0.8), result(1, 0.9)], 0, Measurement("r2", "maximize", test_share=None, rows=200)
    )
    assert (found.objectives, found.p, found.ties, is_doubtful(found)) == ((0.9, 0.8), None, None, False)


def test_a_trial_that_was_dropped_is_not_compared_after_fewer_epochs() -> None:
    results = [result(0, 0.7, 3), result(1, 0.75, 3), result(1, 0.95, 9)]
    found = compared(results, own=0)
    assert (found.trial, found.budget, found.objectives, found.p) == (0, None, None, None)
    assert found.ties is None  # no other trial has had as many epochs


def test_no_trial_or_the_winner_has_the_settings() -> None:
    results = [result(0, 0.9), result(1, 0.8)]
    assert compared(results, own=None) == DefaultTrialFacts(winner=0, ties=0)
    assert compared(results, own=0) == DefaultTrialFacts(winner=0, trial=0, ties=0)


def test_a_confirmation_may_leave_the_default_settings_out() -> None:
    results = [result(0, 0.7), result(1, 0.9), result(2, 0.89)]
    for own, expected in ((0, True), (2, False)):
        leaders = [
            Leader(each, (Confirmed(each.trial, 9, 0, 0.8, 9, 9, 100, 50),), frozenset())
            for each in results[1:]
        ]
        confirmed = Confirmation(leaders, seeds=1, metric="accuracy", direction="maximize")
        assert compared(results, own, confirmed=confirmed).unconfirmed is expected
        assert not compared(results, own).unconfirmed
