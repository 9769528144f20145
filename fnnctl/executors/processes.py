"""Worker processes: each is given once what all tasks share, and computes with one BLAS thread.

They are forked from this process where it has no second thread, in an instant and without a copy of anything.
A second thread's locks would be in an unknown state in a fork: then the workers are forked from a server that
has imported what the work needs, which takes some tenths of a second.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import Any

from fnnctl.blas import can_set_blas_threads, set_blas_threads
from fnnctl.errors import MachineError
from fnnctl.executors.board import Board, ProcessBoard

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

THREADED = {"jax", "tensorflow", "torch"}
"""Libraries whose threads do not live through a fork, and no one but the system knows of."""

_shared: Any = None
"""In a worker: what all tasks share."""
_board: Board | None = None


@contextmanager
def process_executor(workers: int, shared: Any, preload: str) -> Iterator[tuple[Executor, ProcessBoard]]:
    """Processes that share a value, which is sent to each of them once, and a board.

    `preload` is the module that the work is defined in.
    """
    context = _context(preload)
    board, others = ProcessBoard(context), set(multiprocessing.active_children())
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(shared, board)) as executor,
    ):
        try:
            if context.get_start_method() == "fork":
                _fork_all(executor)
            yield executor, board
        except (BrokenProcessPool, MachineError):
            # A process that was started while the pool broke, or before one that the system refused, is told
            # nothing by it, and waited for for ever.
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


def can_fork() -> bool:
    """Whether workers can be forked from this process as it is now.

    On Linux alone: elsewhere what the system's libraries keep does not live through a fork. NumPy's BLAS has
    threads of its own, and sees to it that it does; others that a caller may have imported do not. A BLAS
    whose threads can only be set before it is loaded would keep this process's number of them.
    """
    alone = threading.active_count() == 1 and not THREADED.intersection(sys.modules)
    return sys.platform == "linux" and alone and can_set_blas_threads()


def _context(preload: str) -> BaseContext:
    if can_fork():
        return multiprocessing.get_context("fork")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def _fork_all(executor: Executor) -> None:
    """The first task makes all workers, before the executor has a thread.

    A signal that came in between would be handled in the worker as it is here: it waits until then. What is
    there by then no worker's garbage collector need look through, which would copy it page by page.
    """
    gc.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the threads of the BLAS
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            executor.submit(_nothing)
        except OSError as error:
            raise MachineError(f"the system starts no more processes: {error.strerror}") from error
        finally:
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    """A task."""


def _begin(shared: Any, board: Board) -> None:
    """A terminal's signals go to all of its processes: the one that was called decides what they mean."""
    global _shared, _board
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    set_blas_threads(1)
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
