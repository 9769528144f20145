from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.samplers.learning import MAX_LOSS_RANGE, Knowledge, LearningSampler, bounded
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space

PLAIN: dict[str, Any] = {"x": {"integer": [0, 99]}}


def space(plain: dict[str, Any] = PLAIN, require: Sequence[str] = ()) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains, require)


class Countdown(LearningSampler):
    """Its candidates are 99, 98 and so on."""

    def __init__(self, space: Space, starts: int = 4) -> None:
        super().__init__(space, seed=3, starts=starts)
        self.asked: list[tuple[list[Assignment], int]] = []

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        self.asked.append((list(pending), number))
        yield from ({"x": x} for x in range(99, 89, -1))


def told(sampler: LearningSampler, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        sampler.tell(Trial(number, {"x": number}), 1.0, 9)


class TestKnowledge:
    def knowledge(self, **losses: dict[int, float]) -> Knowledge:
        found = Knowledge()
        for budget, values in losses.items():
            for number, loss in values.items():
                found.add(Trial(number, {"x": number}), loss, int(budget[1:]))
        return found

    def test_the_largest_budget_with_enough_results(self) -> None:
        known = self.knowledge(b1={0: 1.0, 1: 2.0, 2: 3.0}, b3={0: 5.0, 2: 4.0}, b9={2: 7.0})
        assert known.of_largest_budget(1) == {2: 7.0}
        assert known.of_largest_budget(2) == {0: 5.0, 2: 4.0}
        assert known.of_largest_budget(3) == {0: 1.0, 1: 2.0, 2: 3.0}

    def test_without_enough_it_is_the_budget_with_most(self) -> None:
        assert self.knowledge(b1={0: 1.0, 1: 2.0}, b3={0: 5.0}).of_largest_budget(9) == {0: 1.0, 1: 2.0}
        assert self.knowledge(b1={0: 1.0}, b3={0: 5.0}).of_largest_budget(9) == {0: 5.0}
        assert Knowledge().of_largest_budget(1) == {}

    def test_a_loss_that_is_not_finite_is_infinite(self) -> None:
        known = self.knowledge(b1={0: math.nan, 1: -math.inf, 2: math.inf})
        assert known.of_largest_budget(1) == {0: math.inf, 1: math.inf, 2: math.inf}


class TestStart:
    def test_the_first_are_points_of_the_sequence(self) -> None:
        sampler = Countdown(space())
        assert sampler.ask(3, ()) == RandomSampler(space(), sequence="low_discrepancy", seed=3).ask(3, ())
        assert sampler.asked == []

    @pytest.mark.parametrize(
        ("results", "pending", "learned"),
        [(4, 0, True), (3, 0, False), (2, 2, True), (1, 3, False), (1, 99, False), (2, 1, False)],
    )
    def test_the_model_needs_trials_and_half_of_their_results(
        self, results: int, pending: int, learned: bool
    ) -> None:
        sampler = Countdown(space())
        told(sampler, results)
        (found,) = sampler.ask(1, [{"x": 50 + number % 30} for number in range(pending)])
        assert (found == {"x": 99}) == learned

    def test_a_trial_with_results_at_several_budgets_is_one_trial(self) -> None:
        sampler = Countdown(space())
        for budget in (1, 3, 9, 27):
            sampler.tell(Trial(0, {"x": 0}), 1.0, budget)
        assert sampler.ask(1, ()) != [{"x": 99}]


class TestProposals:
    def test_what_is_proposed_together_is_pending_for_the_next(self) -> None:
        sampler = Countdown(space())
        told(sampler, 4)
        assert sampler.ask(3, [{"x": 7}]) == [{"x": 99}, {"x": 98}, {"x": 97}]
        assert [pending for pending, _ in sampler.asked] == [
            [{"x": 7}],
            [{"x": 7}, {"x": 99}],
            [{"x": 7}, {"x": 99}, {"x": 98}],
        ]

    def test_the_stream_counts_the_trials_before(self) -> None:
        """So a search whose earlier trials are read from its journal draws the same numbers."""
        sampler = Countdown(space())
        told(sampler, 4)
        sampler.ask(2, [{"x": 7}])
        told(sampler, 3, first=4)
        sampler.ask(1, ())
        assert [number for _, number in sampler.asked] == [5, 6, 7]

    def test_no_candidate_comes_twice_and_then_the_sequence_goes_on(self) -> None:
        sampler = Countdown(space())
        told(sampler, 4)
        found = [each["x"] for each in sampler.ask(200, ())]
        assert found[:10] == list(range(99, 89, -1))
        assert sorted(found) == list(range(100))

    def test_candidates_that_are_not_allowed_are_skipped(self) -> None:
        sampler = Countdown(space(require=["x < 96"]))
        told(sampler, 4)
        assert sampler.ask(2, ()) == [{"x": 95}, {"x": 94}]

    def test_equal_is_what_has_an_equal_key(self) -> None:
        class Remainders(Countdown):
            def __init__(self) -> None:
                LearningSampler.__init__(self, space(), seed=3, key=lambda each: each["x"] % 4, starts=4)
                self.asked = []

        sampler = Remainders()
        told(sampler, 4)
        found = [each["x"] for each in sampler.ask(99, ())]
        assert found == [99, 98, 97, 96]


def test_infinite_losses_are_the_largest() -> None:
    np.testing.assert_array_equal(bounded(np.array([1.0, np.inf, 3.0])), [1.0, 3.0, 3.0])


def test_huge_losses_are_bounded() -> None:
    losses = np.array([1.0, 2.0, 3.0, 1e9])  # the median is 2.5
    np.testing.assert_array_equal(bounded(losses), [1.0, 2.0, 3.0, 2.5 + MAX_LOSS_RANGE * 1.5])


def test_late_losses_do_not_change_what_is_usual() -> None:
    losses = np.concatenate([np.arange(1.0, 11.0), np.full(50, 1.0), [40.0]])
    np.testing.assert_array_equal(bounded(losses), losses)
