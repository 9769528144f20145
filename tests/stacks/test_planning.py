"""Who trains is a matter of time and memory: what is decided at each threshold."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.executors.registry import ExecutorKind
from fnnctl.modelling.fit import Fit
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


@given(
    seconds=st.floats(0, 1e6),
    more=st.floats(1, 1e3),
    step=st.integers(1, 2 * LONG_STEP),
    values=st.integers(1, 2 * MAX_SENT),
    forks=st.booleans(),
)
def test_what_is_worth_workers_is_worth_them_if_it_takes_longer(
    seconds: float, more: float, step: int, values: int, forks: bool
) -> None:
    kind = executor_kind(seconds, step, values=values, forks=forks)
    if kind != "serial":
        assert executor_kind(seconds * more, step, values=values, forks=forks) == kind


@pytest.mark.usefixtures("endless")
class TestTheSizeOfStacks:
    def test_no_worker_is_idle(self) -> None:
        assert stack_size(SMALL, 10, rows=1000, workers=4) == 3  # 3 + 3 + 3 + 1
        assert stack_size(SMALL, 3, rows=1000, workers=4) == 1

    def test_the_cache_holds_a_stack(self) -> None:
        assert stack_size(SMALL, 10**6, rows=1000, workers=1) == best_size(SMALL) > 100
        assert stack_size(LARGE, 10**6, rows=1000, workers=1) == 1

    def test_memory_is_shared_by_the_workers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Half of it may be taken: nine networks, four of them in each of two workers."""
        one = training_bytes(SMALL, rows=1000)
        monkeypatch.setattr(FREE, lambda: int(2 * 9.5 * one))
        assert affordable_at_once(SMALL, rows=1000) == 9
        assert stack_size(SMALL, 10**6, rows=1000, workers=2) == 4
        assert stack_size(SMALL, 10**6, rows=1000, workers=20) == 1


@pytest.mark.usefixtures("endless")
class TestTheWorkersOfASearch:
    def plan(self, *, epochs: int, executor: ExecutorKind | None = None) -> tuple[str, int]:
        plan = plan_search_workers(
            SMALL, rows=1000, train_rows=800, epochs=epochs, workers=3, executor=executor
        )
        return plan.kind, plan.workers

    def test_short_work_is_done_here_by_one(self) -> None:
        assert self.plan(epochs=1) == ("serial", 1)

    def test_long_work_is_divided(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FORKS, lambda: True)
        assert self.plan(epochs=10**6) == ("processes", 3)

    def test_who_is_asked_for_does_it_however_short_it_is(self) -> None:
        assert self.plan(epochs=1, executor="threads") == ("threads", 3)
        assert self.plan(epochs=10**6, executor="serial") == ("serial", 1)

    def test_a_stack_of_small_networks_makes_steps_that_threads_share(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One network's step has 323 numbers, a whole stack's 2^18."""
        monkeypatch.setattr(FORKS, lambda: False)
        assert self.plan(epochs=10**6) == ("threads", 3)


class TestTheWorkersOfACrossValidation:
    @pytest.fixture
    def fits(self, iris: Path) -> tuple[Fit, ...]:
        """Ten folds, each with 135 rows or so to learn from."""
        folds = "evaluation.cross_validation={folds: 10, repeats: 1}"
        return load_experiment(iris, [folds, "training.epochs=100000"]).cross_validation().fits

    @pytest.mark.usefixtures("endless")
    @pytest.mark.parametrize("workers", [1, 2, 3, 40])
    def test_every_fit_is_in_one_stack(
        self, fits: tuple[Fit, ...], workers: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(FORKS, lambda: True)
        plan, stacks = plan_folds(fits, rows=150, workers=workers)
        assert sorted(place for stack in stacks for place in stack) == [*range(10)]
        assert plan.workers <= min(workers, len(stacks))
        assert (plan.kind == "serial") == (plan.workers == 1)

    @pytest.mark.usefixtures("endless")
    def test_the_longest_stacks_come_first(
        self, fits: tuple[Fit, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(FORKS, lambda: True)
        plan, stacks = plan_folds(fits[:7], rows=150, workers=2)
        assert [len(stack) for stack in stacks] == [4, 3]
        assert (plan.kind, plan.workers) == ("processes", 2)

    def test_little_memory_makes_one_network_train_at_a_time(
        self, fits: tuple[Fit, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(FORKS, lambda: True)
        monkeypatch.setattr(FREE, lambda: 0)
        plan, stacks = plan_folds(fits, rows=150, workers=4)
        assert (plan.kind, plan.workers) == ("serial", 1)
        assert stacks == [[place] for place in range(10)]


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
