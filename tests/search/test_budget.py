from __future__ import annotations

from typing import get_args

import pytest

from fnnctl.config.schema.search import METHODS, SamplerName
from fnnctl.search.budget import SearchBudget, least
from fnnctl.search.samplers import SAMPLERS
from fnnctl.search.schedulers import SCHEDULERS, build_scheduler
from tests.search.toys import Climber, asked_jobs, climbed, numbered


def test_the_parts_of_every_method_are_in_the_registries() -> None:
    assert {scheduler for scheduler, _ in METHODS.values()} == set(SCHEDULERS)
    assert set(get_args(SamplerName)) == set(SAMPLERS)
    assert {sampler for _, sampler in METHODS.values()} <= set(SAMPLERS)


def test_the_least_of_the_bounds_that_there_are() -> None:
    assert least(None, 5, 3) == 3
    assert least(0, None) == 0
    assert least(None, None) is None


@pytest.mark.parametrize(
    ("trials", "max_trials", "begun"), [(5, None, 5), (5, 3, 3), (3, 5, 3), (None, None, 9), (None, 4, 4)]
)
@pytest.mark.parametrize("learns", [False, True])
def test_how_many_get_the_full_budget(
    trials: int | None, max_trials: int | None, begun: int, learns: bool
) -> None:
    budget = SearchBudget(max_epochs=7, trials=trials, max_trials=max_trials)
    sampler = Climber(9) if learns else numbered(9)
    scheduler = build_scheduler("full_budget", sampler, budget, direction="maximize")
    asked = climbed(scheduler, lambda job: 0.5, free=8)
    assert [job for jobs in asked for job in jobs] == [(number, 0, 7) for number in range(begun)]


def test_halving_in_both_forms() -> None:
    bounds = SearchBudget(max_epochs=4, trials=4, reduction_factor=2)
    total = SearchBudget(max_epochs=4, trials=7, reduction_factor=2, total_epochs=100)
    ladders = [
        climbed(build_scheduler("halving", numbered(99), budget, direction="minimize"), lambda job: 0.5)
        for budget in (bounds, total)
    ]
    assert ladders[0] == [[(k, 0, 1) for k in range(4)], [(0, 1, 2), (1, 1, 2)], [(0, 2, 4)]]
    assert ladders[1] == [
        [(k, 0, 4) for k in range(7)], [(0, 4, 15), (1, 4, 15), (2, 4, 15)], [(0, 15, 48)],
    ]  # fmt: skip


def test_hyperband_does_not_read_the_number_of_trials() -> None:
    budget = SearchBudget(max_epochs=9, trials=2)
    scheduler = build_scheduler("hyperband", numbered(99), budget, direction="minimize")
    assert len(asked_jobs(scheduler)) == 9 + 5 + 3


@pytest.mark.parametrize(("low", "high"), [(0, 9), (10, 9), (-1, -1)])
def test_bounds_that_make_no_ladder(low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"from {low} to {high} epochs"):
        SearchBudget(min_epochs=low, max_epochs=high)


def test_halving_must_know_its_trials() -> None:
    with pytest.raises(ValueError, match="needs a number of trials"):
        build_scheduler("halving", numbered(9), SearchBudget(max_epochs=9), direction="minimize")
