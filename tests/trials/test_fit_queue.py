"""Which fits leave the queue together, and in which order."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from fnnctl.records.trials import Job, Trial
from fnnctl.training.members import StackSettings
from fnnctl.trials.fit_queue import FitQueue, PlannedStack
from tests.training.recipes import settings_of

WIDE, NARROW = settings_of(4, ((8, "relu"),), 3), settings_of(4, ((5, "relu"),), 3)
SIZES = (20, 5, 5, 20)


def queue_of(most: int = 100, workers: int = 1) -> FitQueue:
    """At most so many train together, and all workers have something to do."""
    return FitQueue(lambda settings, count: max(1, min(most, math.ceil(count / workers))))


def add(
    queue: FitQueue,
    number: int,
    due: int,
    *,
    settings: StackSettings = WIDE,
    start: int = 0,
    stop: int = 3,
    folds: Sequence[int] = (0,),
    order: str = "a",
    sizes: tuple[int, int, int, int] = SIZES,
) -> None:
    job = Job(Trial(number, {"x": number}), 0, start, stop)
    queue.add(job, order, [(fold, (settings, sizes)) for fold in folds], due)


def filled(queue: FitQueue, numbers: Iterable[int], **settings: Any) -> FitQueue:
    """A queue with a fit of each of these trials, due at the same time."""
    for number in numbers:
        add(queue, number, due=5, **settings)
    return queue


def lengths(queue: FitQueue) -> list[int]:
    """How many fits each stack has, until the queue is empty."""
    return [len(stack) for stack in taken(queue)]


def taken(queue: FitQueue) -> list[list[tuple[int, int]]]:
    """(trial, index of the fit) of each stack, until the queue is empty."""
    stacks = []
    while stack := queue.next_stack():
        stacks.append([(trial.number, index) for trial, index in stack.members])
    return stacks


def trials(stacks: Sequence[Sequence[tuple[int, int]]]) -> list[list[int]]:
    return [[number for number, _ in stack] for stack in stacks]


def test_an_empty_queue_has_no_stack() -> None:
    assert queue_of().next_stack() is None


def test_the_most_urgent_fit_takes_its_company_along() -> None:
    """Even if others are more urgent than that company."""
    queue = queue_of()
    add(queue, 0, due=9)
    add(queue, 1, due=5, settings=NARROW)
    add(queue, 2, due=4)
    add(queue, 3, due=7, settings=NARROW)
    assert trials(taken(queue)) == [[2, 0], [1, 3]]


def test_of_equally_urgent_fits_the_smaller_trial_and_the_first_fold_come_first() -> None:
    queue = queue_of(most=3)
    for number in (2, 0, 1):
        add(queue, number, due=5, folds=(1, 0))
    assert taken(queue) == [[(0, 0), (0, 1), (1, 0)], [(1, 1), (2, 0), (2, 1)]]


@pytest.mark.parametrize(
    "difference",
    [
        {"settings": NARROW},
        {"start": 1},
        {"stop": 4},
        {"order": "b"},
        {"sizes": (21, 4, 5, 20)},
        {"sizes": (20, 5, 5, 15)},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_only_equal_fits_are_company(difference: dict[str, Any]) -> None:
    queue = queue_of()
    add(queue, 0, due=5)
    add(queue, 1, due=5, **difference)
    add(queue, 2, due=5)
    assert trials(taken(queue)) == [[0, 2], [1]]


def test_a_stack_says_what_it_trains() -> None:
    queue = queue_of()
    add(queue, 4, due=5, start=1, stop=3, folds=(0, 2))
    add(queue, 7, due=5, start=1, stop=3)
    stack = queue.next_stack()
    assert stack is not None
    assert (stack.start, stack.stop, stack.trials) == (1, 3, [4, 7])
    assert [trial.assignment["x"] for trial, _ in stack.members] == [4, 4, 7]


def test_stacks_have_about_the_same_size() -> None:
    queue = queue_of(most=4)
    assert lengths(filled(queue, range(10))) == [4, 4, 2]
    assert lengths(filled(queue, range(9))) == [3, 3, 3]


@pytest.mark.parametrize(("fits", "sizes"), [(12, [3] * 4), (10, [3, 3, 3, 1]), (3, [1, 1, 1])])
def test_every_worker_gets_a_share_and_shares_do_not_shrink(fits: int, sizes: list[int]) -> None:
    """The fewer wait, the smaller would be a worker's share of the rest."""
    assert lengths(filled(queue_of(workers=4), range(fits))) == sizes


def test_workers_share_all_that_waits_and_not_each_group() -> None:
    """24 fits, four of each of six kinds, for two workers. The last kind is shared: nothing else waits."""
    queue = queue_of(workers=2)
    for number in range(24):
        add(queue, number, due=5, order=str(number % 6))
    assert lengths(queue) == [4, 4, 4, 4, 4, 2, 2]


@pytest.mark.parametrize(("others", "sizes"), [(30, [8, 4, 4]), (3, [4, 4, 4, 4])])
def test_a_group_that_is_most_of_the_work_is_shared(others: int, sizes: list[int]) -> None:
    """Eight fits of 30 epochs come first, then eight of `others`."""
    queue = queue_of(workers=2)
    for number in range(8):
        add(queue, number, due=5, stop=30)
        add(queue, 100 + number, due=6, stop=others, order="b")
    assert lengths(queue) == sizes


def test_a_stack_grows_with_what_waits_and_shares_begin_anew_when_a_group_was_empty() -> None:
    queue = filled(queue_of(workers=2), range(4))
    assert queue.next_stack() is not None
    assert lengths(filled(queue, range(4, 12))) == [5, 5]
    assert lengths(filled(queue, range(4))) == [2, 2]


def test_a_fit_that_comes_later_can_be_more_urgent() -> None:
    queue = queue_of(most=2)
    for number in range(4):
        add(queue, number, due=5 + number)
    assert queue.next_stack() is not None
    add(queue, 9, due=1)
    add(queue, 8, due=2, settings=NARROW)
    assert trials(taken(queue)) == [[9, 2], [8], [3]]


def test_stacks_that_are_to_be_trained_alone_come_first() -> None:
    queue = queue_of()
    add(queue, 0, due=0)
    whole = PlannedStack(
        0, 3, tuple((Trial(number, {}), fold) for number, fold in ((5, 0), (6, 0), (5, 1), (7, 2)))
    )
    alone = whole.by_trial()
    assert [stack.members for stack in alone] == [
        ((Trial(5, {}), 0), (Trial(5, {}), 1)), ((Trial(6, {}), 0),), ((Trial(7, {}), 2),),
    ]  # fmt: skip
    assert {(stack.start, stack.stop) for stack in alone} == {(0, 3)}
    queue.add_stacks(alone)
    assert taken(queue) == [[(5, 0), (5, 1)], [(6, 0)], [(7, 2)], [(0, 0)]]


@pytest.mark.parametrize("seed", range(5))
def test_every_fit_leaves_once_and_the_most_urgent_first(seed: int) -> None:
    rng = random.Random(seed)
    queue = queue_of(most=3)
    waiting: dict[tuple[int, int], int] = {}
    for number in range(60):
        due, folds = rng.randrange(30), range(rng.randint(1, 3))
        add(queue, number, due, settings=rng.choice([WIDE, NARROW]), stop=rng.choice([1, 3]), folds=folds)
        waiting |= {(number, fold): due for fold in folds}
        if number % 4 == 3:
            stack = queue.next_stack()
            assert stack is not None
            dues = [waiting.pop((trial.number, index)) for trial, index in stack.members]
            assert dues[0] == min([*waiting.values(), *dues])
            assert dues == sorted(dues)
    for stack_keys in taken(queue):
        for key in stack_keys:
            del waiting[key]
    assert waiting == {}
