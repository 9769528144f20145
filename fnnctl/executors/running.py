"""Many tasks, done by as many workers as are wanted; the results do not depend on who did what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, Protocol, TypeVar

from fnnctl.errors import MachineError
from fnnctl.executors.board import Board, OwnBoard, ThreadBoard
from fnnctl.executors.processes import call_with_shared, process_executor
from fnnctl.executors.serial import SerialExecutor

ExecutorKind = Literal["serial", "threads", "processes"]

SECONDS_BETWEEN_LOOKS = 0.05

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


class WaitingBoard(Board, Protocol):
    """What the waiting thread sees of a board."""

    @property
    def done(self) -> int:
        """How much is done."""

    def stop(self) -> None:
        """Let the workers come to an end."""


def run_tasks(
    work: Callable[[Shared, Task, Board], Result],
    shared: Shared,
    tasks: Sequence[Task],
    *,
    kind: ExecutorKind,
    workers: int,
    look_up: Callable[[int], bool],
) -> Iterator[tuple[int, Result]]:
    """Do the work on every task, and yield each task's index and result as it comes.

    `look_up` is called now and then by the calling thread with how much is done, as the work tells its board,
    and answers whether the workers should come to an end. An exception of the work goes on its way. For
    processes work, shared value, tasks and results are pickled; a task whose process was killed is done once
    more. Raises `MachineError` where it is killed again.
    """
    if kind == "serial":
        board = OwnBoard(look_up)
        executor = SerialExecutor()
        for index, task in enumerate(tasks):
            yield index, executor.submit(work, shared, task, board).result()
        return
    if not tasks:
        return
    left = set(range(len(tasks)))
    for last_attempt in (False, True):
        try:
            with _started(kind, min(workers, len(left)), work, shared) as (pool, board_of_all, call):
                for index, result in _results(pool, board_of_all, call, tasks, left, look_up):
                    left.discard(index)
                    yield index, result
            return
        except BrokenProcessPool as error:
            if last_attempt:
                raise MachineError("a worker process was killed, twice: is there enough memory?") from error


@contextmanager
def _started(
    kind: ExecutorKind, workers: int, work: Callable[[Shared, Task, Board], Result], shared: Shared
) -> Iterator[tuple[Executor, WaitingBoard, Callable[[Task], Any]]]:
    """An executor, its board, and what is submitted for a task."""
    if kind == "processes":
        with process_executor(workers, shared, work.__module__) as (executor, board):
            yield executor, board, partial(call_with_shared, work)
        return
    of_threads = ThreadBoard()
    with ThreadPoolExecutor(workers) as threads:
        try:
            yield threads, of_threads, partial(_call, work, shared, of_threads)
        finally:
            of_threads.stop()
            threads.shutdown(cancel_futures=True)


def _call(work: Callable[[Shared, Task, Board], Result], shared: Shared, board: Board, task: Task) -> Result:
    return work(shared, task, board)


def _results(
    executor: Executor,
    board: WaitingBoard,
    call: Callable[[Task], Result],
    tasks: Sequence[Task],
    left: set[int],
    look_up: Callable[[int], bool],
) -> Iterator[tuple[int, Result]]:
    futures: dict[Future[Result], int] = {
        executor.submit(call, tasks[index]): index for index in sorted(left)
    }
    while futures:
        done, _ = wait(futures, timeout=SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
        if look_up(board.done):
            board.stop()
        for future in done:
            yield futures.pop(future), future.result()
