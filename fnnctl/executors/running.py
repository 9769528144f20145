"""Many tasks, done by as many workers as are wanted; the results do not depend on who did what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

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
    """Do the work on every task, and yield each task's index and result as it comes; see `Workers`.

    Raises `MachineError` where a task's process was killed twice.
    """
    with Workers(work, shared, kind=kind, workers=min(workers, max(1, len(tasks)))) as crew:
        yield from crew.run(tasks, look_up=look_up)


class Workers(Generic[Shared, Task, Result]):
    """Workers that live for several lists of tasks; within the block they are started when first needed.

    For processes work, shared value, tasks and results are pickled.
    """

    def __init__(
        self,
        work: Callable[[Shared, Task, Board], Result],
        shared: Shared,
        *,
        kind: ExecutorKind,
        workers: int,
    ) -> None:
        self._work, self._shared, self.kind, self.workers = work, shared, kind, workers
        self._started = ExitStack()
        self._crew: tuple[Executor, WaitingBoard, Callable[[Task], Any]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._dismiss()

    def run(
        self,
        tasks: Sequence[Task],
        *,
        look_up: Callable[[int], bool],
        killed: Callable[[int], Result] | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """Do the work on every task, and yield each task's index and result as it comes.

        `look_up` is called now and then by the calling thread with how much is done, as the work tells its
        board, and answers whether the workers should come to an end. An exception of the work goes on its
        way. A task that was in work when a process was killed is done once more, alone; where its process is
        killed again, `killed` gives its result, or, without that, `MachineError` is raised.
        """
        if self.kind == "serial":
            board, executor = OwnBoard(look_up), SerialExecutor()
            for index, task in enumerate(tasks):
                yield index, executor.submit(self._work, self._shared, task, board).result()
            return
        left, suspects = dict.fromkeys(range(len(tasks))), set[int]()
        while left:
            chosen = [min(suspects)] if suspects else list(left)
            running: set[int] = set()
            try:
                for index, result in self._results({each: tasks[each] for each in chosen}, look_up, running):
                    del left[index]
                    suspects.discard(index)
                    yield index, result
            except BrokenProcessPool as error:
                self._dismiss(error)
                guilty = running & suspects
                if guilty and killed is None:
                    raise MachineError(
                        "a worker process was killed, twice: is there enough memory?"
                    ) from error
                for index in guilty:
                    del left[index]
                    suspects.discard(index)
                    yield index, killed(index)  # type: ignore[misc]  # told just above
                suspects |= running - guilty

    def _results(
        self, tasks: Mapping[int, Task], look_up: Callable[[int], bool], running: set[int]
    ) -> Iterator[tuple[int, Result]]:
        """Results as they come; when a process is killed, `running` gets the tasks that were in work."""
        if self._crew is None:
            self._crew = self._started.enter_context(self._start())
        executor, board, call = self._crew
        before = board.done  # read first: tasks begin as soon as they are submitted
        futures: dict[Future[Result], int] = {}
        try:
            for index, task in tasks.items():
                futures[executor.submit(call, task)] = index
            while futures:
                done, _ = wait(futures, timeout=SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
                if look_up(board.done - before):
                    board.stop()
                for future in done:
                    result = future.result()
                    yield futures.pop(future), result
        except BrokenProcessPool:
            # Processes take tasks in the order of their submission.
            running |= set(sorted(futures.values())[: self.workers])
            raise

    @contextmanager
    def _start(self) -> Iterator[tuple[Executor, WaitingBoard, Callable[[Task], Any]]]:
        """An executor, its board, and what is submitted for a task."""
        work, shared = self._work, self._shared
        if self.kind == "processes":
            with process_executor(self.workers, shared, work.__module__) as (executor, board):
                yield executor, board, partial(call_with_shared, work)
            return
        of_threads = ThreadBoard()
        with ThreadPoolExecutor(self.workers) as threads:
            try:
                yield threads, of_threads, partial(_call, work, shared, of_threads)
            finally:
                of_threads.stop()
                threads.shutdown(cancel_futures=True)

    def _dismiss(self, error: BrokenProcessPool | None = None) -> None:
        self._crew = None
        self._started.__exit__(type(error) if error else None, error, None)


def _call(work: Callable[[Shared, Task, Board], Result], shared: Shared, board: Board, task: Task) -> Result:
    return work(shared, task, board)
