from __future__ import annotations

import math

import numpy as np

from fnnctl.records.audit import NEVER, Baseline, RungValues, baseline

NAN, INF = math.nan, math.inf
LOSSES = [
    [0.10, 0.5],
    [0.20, 0.1],
    [0.30, NAN],
    [0.40, NAN],
    [0.15, 0.3],
    [0.50, 0.2],
]  # fmt: skip


def values(losses: list[list[float]], first: list[int], spent: list[int], **ends: int) -> RungValues:
    """Trials at rungs of 1 and 3 epochs; `ends` has the last epoch of trials that ended by themselves."""
    last = [ends.get(f"trial_{number}", NEVER) for number in range(len(losses))]
    return RungValues((1, 3), np.array(losses), np.array(first), np.array(spent), np.array(last))


def test_all_for_one_epoch_and_the_best_to_the_end() -> None:
    """14 epochs: 6 for one epoch each, and 8 for four more trials: 0, 4, 1 and 2, of which 2 is unknown."""
    found = baseline(values(LOSSES, [1, 1, 1, 1, 3, 3], [3, 3, 1, 1, 3, 3]), 0)
    assert found == Baseline(1, 6, available=14, used=14, continued=4, known=3, loss=0.1, search_loss=0.1)
    assert found.as_good is True
    assert not found.is_exact


def test_a_worse_baseline_is_certain_only_if_all_its_trials_are_known() -> None:
    """One trial can continue: the best after one epoch, which is not the best in the end."""
    first, spent = [1, 1, 1, 1, 3, 3], [3, 3, 1, 1, 0, 0]
    known = baseline(values(LOSSES, first, spent), 0)
    assert known
    assert (known.continued, known.loss, known.search_loss) == (1, 0.5, 0.1)
    assert (known.is_exact, known.as_good) == (True, False)
    unknown = baseline(values([[0.1, NAN], *LOSSES[1:]], first, spent), 0)
    assert unknown
    assert (unknown.continued, unknown.known, unknown.loss) == (1, 0, None)
    assert (unknown.is_exact, unknown.as_good) == (False, None)


def test_a_trial_that_ended_by_itself_costs_no_more() -> None:
    """Trial 0 stopped in its first epoch, so the epochs that are left are enough for one more trial."""
    found = baseline(values(LOSSES, [1, 1, 1, 1, 3, 3], [1, 3, 1, 1, 1, 1], trial_0=1), 0)
    assert found
    assert (found.continued, found.used) == (2, 8)


def test_a_trial_that_diverged_first_does_not_continue() -> None:
    losses = [[INF, INF], *LOSSES[1:]]
    found = baseline(values(losses, [1, 1, 1, 1, 3, 3], [1, 3, 1, 1, 3, 3], trial_0=1), 0)
    assert found
    assert (found.continued, found.loss) == (3, 0.1), "4, 1 and 2"


def test_only_trials_that_began_with_enough_epochs_are_replayed() -> None:
    found = baseline(values(LOSSES, [1, 1, 1, 1, 3, 3], [3, 3, 1, 1, 3, 3]), 1)
    assert found
    assert (found.trials, found.available, found.search_loss) == (2, 6, 0.2)


def test_no_epochs_are_left() -> None:
    found = baseline(values(LOSSES, [1] * 6, [1] * 6), 0)
    assert found
    assert (found.continued, found.used, found.loss) == (0, 6, None)


def test_it_cannot_be_replayed() -> None:
    assert baseline(values(LOSSES, [1] * 6, [1] * 6), 1) is None, "no trial began with 3 epochs"


def test_without_curves_only_trials_that_began_at_the_rung_are_replayed() -> None:
    losses = [*LOSSES[:4], [NAN, 0.3], [NAN, 0.2]]
    found = baseline(values(losses, [1, 1, 1, 1, 3, 3], [3, 3, 1, 1, 3, 3]), 0)
    assert found
    assert (found.trials, found.available, found.continued, found.known) == (4, 8, 2, 2)
