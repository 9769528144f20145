"""Worker processes: each is given once what all tasks share, and computes with one BLAS thread.

They are forked from a server that has imported what the work needs, never from this process, whose threads
and locks a copy would have in an unknown state.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

from fnnctl.executors.board import Board, ProcessBoard

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

_shared: Any = None
"""In a worker: what all tasks share."""
_board: Board | None = None


@contextmanager
def process_executor(workers: int, shared: Any, preload: str) -> Iterator[tuple[Executor, ProcessBoard]]:
    """Processes that share a value, which is sent to each of them once, and a board.

    `preload` is the module that the work is defined in.
    """
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload([preload])
    board, others = ProcessBoard(context), set(multiprocessing.active_children())
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(shared, board)) as executor,
    ):
        try:
            yield executor, board
        except BrokenProcessPool:
            # A process that was started while the pool broke is told nothing by it, and waited for for ever.
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            raise
        finally:
            board.stop()
            executor.shutdown(cancel_futures=True)


def call_with_shared(work: Callable[[Any, Any, Board], Any], task: Any) -> Any:
    """In a worker: do the work on a task."""
    if _board is None:
        raise RuntimeError("this is no worker process")
    return work(_shared, task, _board)


def _begin(shared: Any, board: Board) -> None:
    """Ctrl-C goes to all processes of a terminal: the one that was called decides what it means."""
    global _shared, _board
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _shared, _board = shared, board
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for tasks for ever."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Within the block processes are started with one BLAS thread; it is read when they import NumPy."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
