"""Runs many work items with an executor; the results do not depend on which worker ran which item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import Any, TypeAlias

from fnnctl.executors.protocols import Executor, R, Work, WorkerKilledError

Item: TypeAlias = tuple[int, tuple[Any, ...]]
"""An item's index and arguments."""

SECONDS_BETWEEN_POLLS = 0.05


def run_work(
    executor: Executor,
    work: Work[R],
    items: Iterable[tuple[Any, ...]],
    *,
    on_killed: Callable[[int], R] | None = None,
) -> Iterator[tuple[int, R]]:
    """Run the work on every item, and yield each item's index and result as it finishes.

    Items are pulled when a worker is free, so at most `workers + 1` are submitted at a time. Once the
    executor's poll asks to stop, no further item is pulled or started; items that are running still give
    results. If an item's worker is killed, the item runs once more, alone, because another item may have used
    up the memory.

    Args:
        executor: Runs the work.
        work: Called with a `Progress` and an item's arguments. Its exceptions are raised here.
        items: The arguments of each call.
        on_killed: Returns the result for the index of an item whose worker was killed twice. Without it,
            `WorkerKilledError` is raised.
    """
    waiting = enumerate(items)
    running: dict[Future[R], Item] = {}
    killed_once: dict[int, Item] = {}
    try:
        while True:
            for item in _due(executor, waiting, running, killed_once):
                future = executor.submit(work, *item[1])
                running[future] = item
                if future.done():  # a serial executor's result is yielded before the next item starts
                    break
            if not running:
                return
            done, _ = wait(running, SECONDS_BETWEEN_POLLS, FIRST_COMPLETED)
            for future in done:
                index, args = running.pop(future)
                try:
                    result = future.result()
                except WorkerKilledError as error:
                    if index not in killed_once:
                        killed_once[index] = index, args
                        continue
                    if on_killed is None:
                        raise WorkerKilledError(times=" twice") from error
                    result = on_killed(index)
                killed_once.pop(index, None)
                yield index, result
    finally:
        for future in running:
            future.cancel()


def _due(
    executor: Executor, waiting: Iterator[Item], running: dict[Future[R], Item], killed_once: dict[int, Item]
) -> Iterator[Item]:
    """The items to start now; none after a stop, which also cancels submitted items that have not started."""
    if executor.poll():
        for future in [each for each in running if each.cancel()]:
            del running[future]
        return iter(())
    if killed_once:
        return islice(killed_once.values(), 0 if running else 1)
    return islice(waiting, executor.workers + 1 - len(running))
