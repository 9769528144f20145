from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.nn.shape import InputStageShape
from fnnctl.stacks.grouping import (
    affordable_fits,
    best_size,
    group_into_stacks,
    rough_seconds,
    step_values,
)
from fnnctl.training.memory import training_bytes
from tests.training.recipes import settings_of

WIDE, NARROW = settings_of(4, ((8, "relu"),), 3), settings_of(4, ((5, "relu"),), 3)


@given(
    jobs=st.lists(
        st.tuples(st.sampled_from([WIDE, NARROW]), st.integers(20, 22), st.integers(0, 1)), max_size=60
    ),
    most=st.integers(1, 9),
    workers=st.integers(1, 4),
)
def test_who_trains_together(jobs: list[tuple[object, int, int]], most: int, workers: int) -> None:
    stacks = group_into_stacks(jobs, most=most, workers=workers)
    assert sorted(index for stack in stacks for index in stack) == list(range(len(jobs)))
    for stack in stacks:
        assert len({jobs[index] for index in stack}) == 1
        assert stack == sorted(stack)
        assert 0 < len(stack) <= most
    fewest = sum(-(-jobs.count(job) // most) for job in set(jobs))
    assert fewest <= len(stacks) <= fewest + 2 * (workers - 1)  # a cut may leave two stacks more half full


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    workers=st.integers(1, 4),
    cost=st.floats(0.5, 3.0),
)
def test_workers_get_about_equal_shares_in_few_stacks(counts: list[int], workers: int, cost: float) -> None:
    """The fits of a key cost the same, those of the next one `cost` times as much."""
    jobs = [key for key, count in enumerate(counts) for _ in range(count)]
    costs = [cost**key for key in jobs]
    stacks = group_into_stacks(jobs, most=1000, workers=workers, costs=costs)
    assert len(stacks) < len(counts) + workers
    share = sum(costs) / workers
    # in order, some stacks end close to each worker's share
    ends = [0.0, *accumulate(sum(costs[index] for index in stack) for stack in stacks)]
    for worker in range(1, workers):
        assert min(abs(end - worker * share) for end in ends) <= 1.5 * max(costs) + 1e-9


def test_a_cross_validation_of_two_sizes_by_hand() -> None:
    """Of 25 fits the first worker gets 13: 13 of the 15 with 142 rows."""
    stacks = group_into_stacks([142] * 15 + [143] * 10, most=14, workers=2)
    assert [len(stack) for stack in stacks] == [13, 2, 10]


def test_a_single_fit_is_not_cut_off() -> None:
    """Half of the 25 fits end within the second key, after its first fit."""
    stacks = group_into_stacks([142] * 12 + [143] * 13, most=14, workers=2)
    assert [len(stack) for stack in stacks] == [12, 13]


def test_a_few_fits_occupy_all_workers() -> None:
    assert group_into_stacks([WIDE] * 3, most=14, workers=4) == [[0], [1], [2]]
    assert group_into_stacks([WIDE] * 2, most=14, workers=2) == [[0], [1]]


def test_costly_fits_count_more() -> None:
    """Two fits of cost 4 take as long as eight of cost 1."""
    stacks = group_into_stacks([0] * 2 + [1] * 8, most=14, workers=2, costs=[4.0] * 2 + [1.0] * 8)
    assert stacks == [[0, 1], [*range(2, 10)]]


def test_no_stack_is_empty() -> None:
    """Nine fits that train alone are nine stacks, also for two workers."""
    assert group_into_stacks([WIDE] * 9, most=1, workers=2) == [[k] for k in range(9)]


def test_step_values_by_hand() -> None:
    """A batch of 16: 5 inputs with the ones, 8 units, 3 scores; and 8·5 + 3·9 parameters."""
    assert step_values(WIDE) == 16 * (5 + 8 + 3) + 67


def test_step_values_of_members_that_share_weights_by_hand() -> None:
    """Three: 8 units, 3 scores, and in the shared layer 4 scaled inputs and 8 products; 3 · (4 + 8 + 8 + 27)
    parameters of their own and 32 weights.
    """
    shared = replace(WIDE, shape=replace(WIDE.shape, inner_members=3))
    assert step_values(shared) == 16 * (5 + 3 * (8 + 3 + 4 + 8)) + 32 + 3 * 47


def test_step_values_of_an_input_stage() -> None:
    """The four scaled inputs with the ones, and four factors."""
    shape = replace(WIDE.shape, stage=InputStageShape(scaled=True))
    assert step_values(replace(WIDE, shape=shape)) == step_values(WIDE) + 16 * 5 + 4


def test_all_members_of_an_ensemble_count() -> None:
    four = replace(WIDE, ensemble=4)
    assert step_values(four) == 4 * step_values(WIDE)
    assert best_size(four) == 2**18 // (4 * 323)
    assert rough_seconds(four, train_rows=100, epochs=10) == pytest.approx(
        4 * rough_seconds(WIDE, train_rows=100, epochs=10)
    )


def test_a_stack_stays_in_the_cache() -> None:
    assert best_size(WIDE) == 2**18 // 323
    assert best_size(settings_of(784, ((1024, "relu"),), 10, batch_size=256)) == 1


def test_as_many_members_as_memory_allows() -> None:
    one = training_bytes(WIDE, rows=1000)
    assert affordable_fits(WIDE, rows=1000, available=int(3.5 * one)) == 3
    assert affordable_fits(WIDE, rows=1000, available=0) == 1
    assert affordable_fits(WIDE, rows=1000, available=None) > 1000


def test_twice_the_epochs_take_twice_as_long() -> None:
    one = rough_seconds(WIDE, train_rows=100, epochs=10)
    assert rough_seconds(WIDE, train_rows=100, epochs=20) == 2 * one
    assert rough_seconds(WIDE, train_rows=113, epochs=10) == pytest.approx(one * 8 / 7)
