from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.records.audit import MAX_GROUPS, DropRisk, drop_risk

EARLY = np.arange(6.0)


def test_all_groups_of_few_trials() -> None:
    """Of the 20 groups of three, the rung drops the best of the four that have both trial 0 and trial 1."""
    risk = drop_risk(EARLY, np.array([1.0, 0, 2, 3, 4, 5]), rung=3, factor=3)
    assert risk == DropRisk(group=3, kept=1, share=0.2, shortfall=0.2)


@pytest.mark.parametrize(
    ("early", "late", "share"),
    [
        (EARLY, EARLY, 0),
        (EARLY, -EARLY, 1),
        (EARLY, np.array([0.0, 0, 1, 1, 1, 1]), 0),
        # equal ranks go by trial number: the best trial is the last of equals, and in half of the groups
        (np.zeros(6), np.array([1.0, 1, 1, 1, 1, 0]), 0.5),
    ],
    ids=["the same order", "the opposite order", "one of several that are the best is dropped", "equals"],
)
def test_the_share_of_groups_that_lose_their_best_trial(
    early: np.ndarray, late: np.ndarray, share: float
) -> None:
    risk = drop_risk(early, late, rung=3, factor=3)
    assert risk
    assert risk.share == share


def test_a_trial_that_diverges_later_counts_as_the_worst() -> None:
    risk = drop_risk(EARLY, np.array([math.inf, 0, 2, 3, 4, 5]), rung=3, factor=3)
    # Trial 0 is kept in 10 groups instead of the best, which is trial 1 in 4 of them, 2 in 3, 3 in 2, 4 in 1.
    assert risk
    assert risk.share == 0.5
    assert risk.shortfall == pytest.approx((4 * 5 + 3 * 3 + 2 * 2 + 1 * 1) / 20)


def test_a_group_is_at_most_half_of_the_trials() -> None:
    sizes = [drop_risk(np.arange(n), np.arange(n), rung=9, factor=3) for n in (7.0, 16.0, 40.0)]
    assert [each and (each.group, each.kept) for each in sizes] == [(3, 1), (8, 2), (9, 3)]


@pytest.mark.parametrize("late", [np.arange(5.0), np.full(6, math.inf)])
def test_too_few_trials(late: np.ndarray) -> None:
    assert drop_risk(np.arange(float(len(late))), late, rung=3, factor=3) is None


def test_random_groups_are_close_to_all_groups_and_always_the_same() -> None:
    """The best trial is fifth of 18 and groups of nine keep three, so it must not be fourth or fifth."""
    late = np.arange(18.0)
    late[4] = -1
    assert math.comb(18, 9) > MAX_GROUPS
    risk = drop_risk(np.arange(18.0), late, rung=9, factor=3)
    dropped = sum(math.comb(4, k) * math.comb(13, 8 - k) for k in (3, 4))
    assert risk
    assert risk.share == pytest.approx(dropped / math.comb(18, 9), abs=0.03)
    assert drop_risk(np.arange(18.0), late, rung=9, factor=3) == risk
