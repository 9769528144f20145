"""One suite for every executor: the results are the same with all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from fnnctl.executors.registry import EXECUTORS, ExecutorKind, make_executor
from fnnctl.executors.work import run_work
from tests.executors import tasks
from tests.executors.kinds import kinds

KINDS = kinds()


def never(done: int) -> bool:
    return False


def results(
    work: Callable[..., Any],
    *items: tuple[Any, ...],
    kind: ExecutorKind,
    workers: int = 2,
    poll: Callable[[int], bool] = never,
) -> dict[int, Any]:
    with make_executor(kind, workers=workers, poll=poll) as executor:
        return dict(run_work(executor, work, items))


def test_every_executor_is_registered() -> None:
    assert tuple(EXECUTORS) == get_args(ExecutorKind)


@pytest.mark.parametrize("kind", KINDS)
def test_each_item_is_done_once_with_values_that_are_shared_before_the_first(kind: ExecutorKind) -> None:
    counts: list[int] = []

    def poll(done: int) -> bool:
        counts.append(done)
        return False

    with make_executor(kind, workers=3, poll=poll) as executor:
        seven, two, three = (executor.share(value) for value in (7, 2, 3))
        items = [(seven, number) for number in (4, 1, 3, 1)]
        assert dict(run_work(executor, tasks.times, items)) == {0: 28, 1: 7, 2: 21, 3: 7}
        assert dict(run_work(executor, tasks.times, [])) == {}
        assert dict(run_work(executor, tasks.times, [(three, two)])) == {0: 6}
        with pytest.raises(RuntimeError, match="before the first item"):
            executor.share(4)
    assert counts == sorted(counts)
    assert counts[-1] == (4 + 1 + 3 + 1) + 2


@pytest.mark.parametrize("kind", KINDS)
def test_asked_to_stop(kind: ExecutorKind) -> None:
    """The stop comes once the work has started; later items are neither made nor run."""
    made: list[int] = []

    def items() -> Iterator[tuple[int]]:
        for number in range(100):
            made.append(number)
            yield (number,)

    with make_executor(kind, workers=2, poll=lambda done: done > 0) as executor:
        done = dict(run_work(executor, tasks.until_stopped, items()))
        assert dict(run_work(executor, tasks.until_stopped, items())) == {}
    assert done == {number: number for number in range(len(done))}
    assert 1 <= len(done) <= 3
    assert len(made) == (1 if kind == "serial" else 3)


@pytest.mark.parametrize("kind", KINDS)
def test_items_are_made_when_they_are_needed(kind: ExecutorKind) -> None:
    made = 0

    def items() -> Iterator[tuple[int, int]]:
        nonlocal made
        for number in range(20):
            made += 1
            yield 1, number

    with make_executor(kind, workers=2, poll=never) as executor:
        for count, _ in enumerate(run_work(executor, tasks.times, items()), start=1):
            assert made <= count + 2 + 3, "two others may be done, and three be submitted"
    assert made == 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_is_passed_on(kind: ExecutorKind) -> None:
    with pytest.raises(ZeroDivisionError, match="3"):
        results(tasks.fails, (3,), kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_of_the_waiting_thread_ends_the_work(kind: ExecutorKind) -> None:
    def interrupted(done: int) -> bool:
        if done:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        results(tasks.until_stopped, (1,), (2,), (3,), kind=kind, poll=interrupted)
