"""Who trains is a matter of time and memory: what is decided at each threshold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.executors.registry import ExecutorKind
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import load_experiment
from fnnctl.stacks.grouping import best_size
from fnnctl.stacks.planning import (
    LONG_STEP,
    MOST_SENT,
    affordable_at_once,
    executor_kind,
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
        (0.1, LONG_STEP, MOST_SENT + 1, True, "processes"),  # forks have the data already
        (3.9, LONG_STEP - 1, MOST_SENT, False, "serial"),
        (4.0, LONG_STEP - 1, MOST_SENT, False, "processes"),
        (0.4, LONG_STEP, 1, False, "serial"),
        (0.5, LONG_STEP, 1, False, "threads"),
        (0.5, 1, MOST_SENT + 1, False, "threads"),
        (100.0, LONG_STEP, 1, False, "threads"),
    ],
)
def test_who_does_so_much_work(seconds: float, step: int, values: int, forks: bool, kind: str) -> None:
    assert executor_kind(seconds, step, values=values, forks=forks) == kind


@given(
    seconds=st.floats(0, 1e6),
    more=st.floats(1, 1e3),
    step=st.integers(1, 2 * LONG_STEP),
    values=st.integers(1, 2 * MOST_SENT),
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
