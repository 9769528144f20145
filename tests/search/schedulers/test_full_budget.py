from __future__ import annotations

import math

from fnnctl.records.trials import Status
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.full_budget import FullBudget
from tests.search.toys import Recorder, by_trial, climbed


def test_everyone_gets_everything_at_once() -> None:
    sampler = Recorder(4)
    outcomes = by_trial({0: 0.5, 1: Status.DIVERGED, 2: (Status.STOPPED_EARLY, 0.4), 3: Status.FAILED})
    asked = climbed(FullBudget(TrialSource(sampler, direction="maximize"), epochs=9), outcomes)
    assert asked == [[(0, 0, 9), (1, 0, 9), (2, 0, 9), (3, 0, 9)]]
    assert sampler.told == [(0, -0.5, 9), (1, math.inf, 9), (2, -0.4, 9), (3, math.inf, 9)]
