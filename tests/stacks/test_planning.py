"""Who trains is a matter of time and memory: what is decided at each threshold."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.executors.registry import ExecutorKind
from fnnctl.modelling.loading import load_experiment
from fnnctl.nn.shape import InputStageShape
from fnnctl.stacks.costs import rough_seconds, step_values
from fnnctl.stacks.planning import (
    LONG_STEP,
    MAX_SENT,
    affordable_at_once,
    affordable_fits,
    best_size,
    executor_kind,
    group_into_stacks,
    plan_folds,
    plan_search_workers,
    stack_size,
)
from fnnctl.training.members import StackSettings
from fnnctl.training.memory import training_bytes
from tests.training.recipes import settings_of

SMALL = settings_of(4, ((8, "relu"),), 3)
LARGE = settings_of(784, ((1024, "relu"),), 10, batch_size=256)
FREE = "fnnctl.stacks.planning.available_bytes"
FORKS = "fnnctl.stacks.planning.can_fork"


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FREE, lambda: None)


@pytest.mark.parametrize(
    ("seconds", "step", "values", "forks", "kind"),
    [
        (0.09, 1, 1, True, "serial"),
        (0.1, 1, 1, True, "processes"),
        (0.1, LONG_STEP, MAX_SENT + 1, True, "processes"),  # forks have the data already
        (3.9, LONG_STEP - 1, MAX_SENT, False, "serial"),
        (4.0, LONG_STEP - 1, MAX_SENT, False, "processes"),
        (0.4, LONG_STEP, 1, False, "serial"),
        (0.5, LONG_STEP, 1, False, "threads"),
        (0.5, 1, MAX_SENT + 1, False, "threads"),
        (100.0, LONG_STEP, 1, False, "threads"),
    ],
)
def test_who_does_so_much_work(seconds: float, step: int, values: int, forks: bool, kind: str) -> None:
    assert executor_kind(seconds, step, values=values, forks=forks) == kind


@pytest.mark.usefixtures("endless")
class TestTheSizeOfStacks:
    def test_no_worker_is_idle_and_the_cache_holds_a_stack(self) -> None:
        assert stack_size(SMALL, 10, rows=1000, workers=4) == 3  # 3 + 3 + 3 + 1
        assert stack_size(SMALL, 3, rows=1000, workers=4) == 1
        assert stack_size(SMALL, 10**6, rows=1000, workers=1) == best_size(SMALL) == 2**18 // 323
        assert stack_size(LARGE, 10**6, rows=1000, workers=1) == best_size(LARGE) == 1

    def test_memory_is_shared_by_the_workers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Half of it may be taken: nine networks, four of them in each of two workers."""
        one = training_bytes(SMALL, rows=1000)
        monkeypatch.setattr(FREE, lambda: int(2 * 9.5 * one))
        assert affordable_at_once(SMALL, rows=1000) == 9
        assert [stack_size(SMALL, 10**6, rows=1000, workers=count) for count in (2, 20)] == [4, 1]
        fits = [affordable_fits(SMALL, rows=1000, available=bytes_) for bytes_ in (int(3.5 * one), 0)]
        assert fits == [3, 1]
        assert affordable_fits(SMALL, rows=1000, available=None) > 1000


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize(
    ("epochs", "executor", "forks", "plan"),
    [
        (1, None, True, ("serial", 1)),
        (10**6, None, True, ("processes", 3)),
        # one network's step has 323 numbers, a whole stack's 2^18, which threads share
        (10**6, None, False, ("threads", 3)),
        (1, "threads", True, ("threads", 3)),
        (10**6, "serial", True, ("serial", 1)),
    ],
)
def test_long_searches_are_divided(
    epochs: int,
    executor: ExecutorKind | None,
    forks: bool,
    plan: tuple[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who is asked for does it, however short it is."""
    monkeypatch.setattr(FORKS, lambda: forks)
    made = plan_search_workers(SMALL, rows=1000, train_rows=800, epochs=epochs, workers=3, executor=executor)
    assert (made.kind, made.workers) == plan


@pytest.mark.parametrize(
    ("folds", "workers", "free", "sizes", "plan"),
    [
        (10, 1, None, [10], ("serial", 1)),
        (7, 2, None, [4, 3], ("processes", 2)),
        (10, 3, None, [4, 3, 3], ("processes", 3)),
        (10, 40, None, [1] * 10, ("processes", 10)),
        # little memory makes one network train at a time
        (10, 4, 0, [1] * 10, ("serial", 1)),
    ],
)
def test_folds_are_divided_and_the_longest_stacks_come_first(
    folds: int,
    workers: int,
    free: int | None,
    sizes: list[int],
    plan: tuple[str, int],
    iris: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of ten folds, each with 135 rows or so to learn from."""
    monkeypatch.setattr(FORKS, lambda: True)
    monkeypatch.setattr(FREE, lambda: free)
    settings = ["evaluation.cross_validation={folds: 10, repeats: 1}", "training.epochs=100000"]
    fits = load_experiment(iris, settings).cross_validation().fits[:folds]
    made, stacks = plan_folds(fits, rows=150, workers=workers)
    assert [len(stack) for stack in stacks] == sizes
    assert sorted(place for stack in stacks for place in stack) == [*range(folds)]
    assert (made.kind, made.workers) == plan


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


@pytest.mark.parametrize(
    ("keys", "most", "workers", "costs", "sizes"),
    [
        # of 25 fits the first worker gets 13: 13 of the 15 of the first key
        ([15, 10], 14, 2, [1.0, 1.0], [13, 2, 10]),
        # half of the 25 fits end within the second key, after its first fit, which is not cut off
        ([12, 13], 14, 2, [1.0, 1.0], [12, 13]),
        # a few fits occupy all workers
        ([3], 14, 4, [1.0], [1, 1, 1]),
        ([2], 14, 2, [1.0], [1, 1]),
        # two fits of cost 4 take as long as eight of cost 1
        ([2, 8], 14, 2, [4.0, 1.0], [2, 8]),
        # nine fits that train alone are nine stacks, none of which is empty
        ([9], 1, 2, [1.0], [1] * 9),
    ],
)
def test_stacks_by_hand(
    keys: list[int], most: int, workers: int, costs: list[float], sizes: list[int]
) -> None:
    """So many fits of each key, with the costs of one."""
    jobs = [key for key, count in enumerate(keys) for _ in range(count)]
    stacks = group_into_stacks(jobs, most=most, workers=workers, costs=[costs[key] for key in jobs])
    assert [len(stack) for stack in stacks] == sizes
    assert [place for stack in stacks for place in stack] == [*range(len(jobs))]


def test_one_worker_has_the_fits_of_a_key_in_one_stack() -> None:
    assert group_into_stacks("aabaa", most=9) == [[0, 1, 3, 4], [2]]


def changed(**changes: Any) -> StackSettings:
    """`WIDE` with another shape."""
    return replace(WIDE, shape=replace(WIDE.shape, **changes))


def test_step_values_by_hand() -> None:
    """A batch of 16: 5 inputs with the ones, 8 units, 3 scores; and 8·5 + 3·9 parameters.

    Of three members that share weights: 8 units, 3 scores, and in the shared layer 4 scaled inputs and 8
    products; 3 · (4 + 8 + 8 + 27) parameters of their own and 32 weights. Of an input stage: the four scaled
    inputs with the ones, and four factors.
    """
    alone = 16 * (5 + 8 + 3) + 67
    assert step_values(WIDE) == alone == 323
    assert step_values(changed(inner_members=3)) == 16 * (5 + 3 * (8 + 3 + 4 + 8)) + 32 + 3 * 47
    assert step_values(changed(stage=InputStageShape(scaled=True))) == alone + 16 * 5 + 4
    assert step_values(replace(WIDE, ensemble=4)) == 4 * alone
    assert best_size(replace(WIDE, ensemble=4)) == 2**18 // (4 * alone)


def test_seconds_are_in_proportion_to_steps_and_members() -> None:
    one = rough_seconds(WIDE, train_rows=100, epochs=10)
    assert rough_seconds(WIDE, train_rows=100, epochs=20) == 2 * one
    assert rough_seconds(WIDE, train_rows=113, epochs=10) == pytest.approx(one * 8 / 7)
    assert rough_seconds(replace(WIDE, ensemble=4), train_rows=100, epochs=10) == pytest.approx(4 * one)
