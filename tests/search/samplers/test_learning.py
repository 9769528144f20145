from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from fnnctl.records.trials import Trial
from fnnctl.search.samplers.learning import MAX_LOSS_RANGE, Knowledge, LearningSampler, bounded
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from tests.search.spaces import space

PLAIN: dict[str, Any] = {"x": {"integer": [0, 99]}}


class Countdown(LearningSampler):
    """Its candidates are 99, 98 and so on."""

    def __init__(
        self, *require: str, results: int = 0, key: Callable[[Assignment], Hashable] = identity
    ) -> None:
        super().__init__(space(PLAIN, *require), seed=3, key=key, starts=4)
        self.asked: list[tuple[list[Assignment], int]] = []
        told(self, results)

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        self.asked.append((list(pending), number))
        yield from ({"x": x} for x in range(99, 89, -1))


def told(sampler: LearningSampler, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        sampler.tell(Trial(number, {"x": number}), 1.0, 9)


class TestKnowledge:
    @pytest.mark.parametrize(
        ("losses", "least", "known"),
        [
            ({1: {0: 1.0, 1: 2.0, 2: 3.0}, 3: {0: 5.0, 2: 4.0}, 9: {2: 7.0}}, 1, {2: 7.0}),
            ({1: {0: 1.0, 1: 2.0, 2: 3.0}, 3: {0: 5.0, 2: 4.0}, 9: {2: 7.0}}, 2, {0: 5.0, 2: 4.0}),
            ({1: {0: 1.0, 1: 2.0}, 3: {0: 5.0}}, 9, {0: 1.0, 1: 2.0}),  # without enough, that with most
            ({1: {0: 1.0}, 3: {0: 5.0}}, 9, {0: 5.0}),
            ({}, 1, {}),
            ({1: {0: math.nan, 1: -math.inf, 2: 1.0}}, 1, {0: math.inf, 1: math.inf, 2: 1.0}),
        ],
    )
    def test_the_largest_budget_with_enough_results(
        self, losses: dict[int, dict[int, float]], least: int, known: dict[int, float]
    ) -> None:
        knowledge = Knowledge()
        for budget, values in losses.items():
            for number, loss in values.items():
                knowledge.add(Trial(number, {"x": number}), loss, budget)
        assert knowledge.of_largest_budget(least) == known


class TestStart:
    def test_the_first_are_points_of_the_sequence(self) -> None:
        sampler = Countdown()
        points = RandomSampler(space(PLAIN), sequence="low_discrepancy", seed=3)
        assert sampler.ask(3, ()) == points.ask(3, ())
        assert sampler.asked == []

    @pytest.mark.parametrize(
        ("results", "pending", "learned"),
        [(4, 0, True), (3, 0, False), (2, 2, True), (1, 3, False), (1, 99, False), (2, 1, False)],
    )
    def test_the_model_needs_half_of_the_results(self, results: int, pending: int, learned: bool) -> None:
        sampler = Countdown(results=results)
        (assignment,) = sampler.ask(1, [{"x": 50 + number % 30} for number in range(pending)])
        assert (assignment == {"x": 99}) == learned

    def test_a_trial_with_results_at_several_budgets_is_one_trial(self) -> None:
        sampler = Countdown()
        for budget in (1, 3, 9, 27):
            sampler.tell(Trial(0, {"x": 0}), 1.0, budget)
        assert sampler.ask(1, ()) != [{"x": 99}]


class TestProposals:
    def test_what_is_proposed_together_is_pending_for_the_next(self) -> None:
        """The stream counts the trials before, so that a search that goes on draws the same numbers."""
        sampler = Countdown(results=4)
        assert sampler.ask(3, [{"x": 7}]) == [{"x": 99}, {"x": 98}, {"x": 97}]
        told(sampler, 3, first=4)
        sampler.ask(1, ())
        assert sampler.asked == [
            ([{"x": 7}], 5),
            ([{"x": 7}, {"x": 99}], 6),
            ([{"x": 7}, {"x": 99}, {"x": 98}], 7),
            ([], 7),
        ]

    def test_after_the_candidates_the_sequence_goes_on(self) -> None:
        values = [assignment["x"] for assignment in Countdown(results=4).ask(200, ())]
        assert values[:10] == list(range(99, 89, -1))
        assert sorted(values) == list(range(100))

    def test_candidates_that_are_not_allowed_are_skipped(self) -> None:
        assert Countdown("x < 96", results=4).ask(2, ()) == [{"x": 95}, {"x": 94}]

    def test_equal_is_what_has_an_equal_key(self) -> None:
        sampler = Countdown(results=4, key=lambda assignment: assignment["x"] % 4)
        assert [assignment["x"] for assignment in sampler.ask(99, ())] == [99, 98, 97, 96]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, math.inf, 3.0], [1.0, 3.0, 3.0]),
        ([1.0, 2.0, 3.0, 1e9], [1.0, 2.0, 3.0, 2.5 + MAX_LOSS_RANGE * 1.5]),  # the median is 2.5
        ([*range(1, 11), *[1.0] * 50, 40.0], [*range(1, 11), *[1.0] * 50, 40.0]),
    ],
    ids=["infinite losses are the largest", "huge ones are bounded", "late ones do not change what is usual"],
)
def test_losses_are_bounded(losses: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(bounded(np.array(losses, float)), expected)
