"""Runs many work items with an executor; the results do not depend on which worker ran which item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from fnnctl.executors.protocols import Executor, R, Work, WorkerKilledError

Tag = TypeVar("Tag")

NextItem: TypeAlias = Callable[[], tuple[Tag, tuple[Any, ...]] | None]
"""Returns the next item, as a tag that identifies it and the arguments; None if there is none now."""

SECONDS_BETWEEN_POLLS = 0.05


def run_work(
    executor: Executor,
    work: Work[R],
    items: Iterable[tuple[Any, ...]],
    *,
    on_killed: Callable[[int, WorkerKilledError], R] | None = None,
) -> Iterator[tuple[int, R]]:
    """Run the work on the arguments of every item, and yield each item's index and result as it finishes.

    See `run_queue`.
    """
    numbered = enumerate(items)
    return run_queue(executor, work, lambda: next(numbered, None), on_killed=on_killed)


def run_queue(
    executor: Executor,
    work: Work[R],
    next_item: NextItem[Tag],
    *,
    on_killed: Callable[[Tag, WorkerKilledError], R] | None = None,
) -> Iterator[tuple[Tag, R]]:
    """Run the work on the items of a queue when workers are free, and yield each item's tag and result.

    At most `workers + 1` items are submitted at a time. There may be new items after a result was yielded.
    The end comes when no item runs and the queue has none. Once the executor's poll asks to stop, no
    further item is taken or started; items that are running still give results if they end in time. If an
    item's worker is killed before, the item runs once more, alone, because another item may have used up the
    memory.

    Args:
        executor: Runs the work.
        work: Called with a `Progress` and an item's arguments. Its exceptions are raised here.
        next_item: Gives the items.
        on_killed: Returns the result for an item whose worker was killed twice, for this reason. Without it,
            `WorkerKilledError` is raised.
    """
    running: dict[Future[R], _Item[Tag]] = {}
    killed_once: list[_Item[Tag]] = []

    def start_items() -> None:
        while item := _item_to_start(executor, next_item, running, killed_once):
            future = executor.submit(work, *item.args)
            running[future] = item
            if future.done():  # a serial executor's result is yielded before the next item starts
                break

    try:
        while True:
            start_items()
            if not running:
                return
            done, _ = wait(running, SECONDS_BETWEEN_POLLS, FIRST_COMPLETED)
            ended = [(future, running.pop(future)) for future in done]
            if ended and executor.workers > 1:  # so that no worker waits while the caller uses the results
                start_items()
            for future, item in ended:
                try:
                    result = future.result()
                except WorkerKilledError as error:
                    if executor.poll():  # it did not stop in time, which says nothing about the item
                        continue
                    if not item.was_killed:
                        killed_once.append(_Item(item.tag, item.args, was_killed=True))
                        continue
                    if on_killed is None:
                        raise WorkerKilledError(times=" twice") from error
                    result = on_killed(item.tag, error)
                yield item.tag, result
    finally:
        for future in running:
            future.cancel()


@dataclass(frozen=True, slots=True)
class _Item(Generic[Tag]):
    tag: Tag
    args: tuple[Any, ...]
    was_killed: bool = False


def _item_to_start(
    executor: Executor,
    next_item: NextItem[Tag],
    running: dict[Future[R], _Item[Tag]],
    killed_once: list[_Item[Tag]],
) -> _Item[Tag] | None:
    """The item to start now; none after a stop, which also cancels submitted items that have not started."""
    if executor.poll():
        for future in [future for future in running if future.cancel()]:
            del running[future]
        return None
    if killed_once or any(item.was_killed for item in running.values()):
        return None if running else killed_once.pop()
    new = next_item() if len(running) <= executor.workers else None
    return _Item(*new) if new else None
