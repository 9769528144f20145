"""Worker processes: each gets the shared values once, and computes with one BLAS thread.

They are forked from this process if it has no second thread: in an instant, without a copy of anything. A
second thread's locks would be in an unknown state in a fork. Then, and when a dead worker is replaced, they
come from a server that has imported what the work needs, which takes some tenths of a second.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from ctypes import Array, c_byte, c_longlong
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fnnctl.blas import can_set_blas_threads, set_blas_threads
from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved, start_threads
from fnnctl.executors.protocols import Poll, Progress, R, Work, WorkerKilledError, WorkersRefusedError

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

THREADED = {"jax", "tensorflow", "torch"}
"""Libraries with threads of their own that do not survive a fork, and that Python does not count."""

DESCRIPTORS_PER_WORKER = 3
"""A pipe to the worker, and two to know when it ends."""
OTHER_DESCRIPTORS = 8
"""What a start needs for a moment, and the rest of the program beside the workers."""


def can_fork() -> bool:
    """Whether workers can be forked from this process as it is now.

    On Linux only: elsewhere the state of system libraries does not survive a fork. NumPy's BLAS has threads
    and handles forks; other libraries with threads do not. A BLAS whose threads can only be set before it is
    loaded would keep this process's number of them.
    """
    alone = threading.active_count() == 1 and not THREADED.intersection(sys.modules)
    return sys.platform == "linux" and alone and can_set_blas_threads()


@dataclass(frozen=True)
class ProcessProgress:
    """Progress in memory that the processes share.

    Each worker has its own counter, so that no lock is needed: a killed worker would hold it for ever.
    """

    counts: Array[c_longlong]
    flag: c_byte
    worker: int | None = None
    """Whose view this is; None in the parent."""

    @property
    def done(self) -> int:
        """See `LocalProgress`."""
        return sum(self.counts)

    def should_stop(self) -> bool:
        """See `Progress`."""
        return bool(self.flag.value)

    def advance(self, amount: int) -> None:
        """See `Progress`."""
        if self.worker is not None:
            self.counts[self.worker] += amount

    def stop(self) -> None:
        """See `LocalProgress`."""
        self.flag.value = 1


class ProcessExecutor(LocalExecutor):
    """Runs work in processes; work, shared values, arguments and results are pickled.

    Each process is served by a thread of this one, which sends it an item and waits for the result.
    """

    def __init__(self, workers: int, poll: Poll) -> None:
        """The workers start at the first `submit`; there is no shared progress before."""
        super().__init__(workers, poll, ThreadProgress())
        self._processes: list[WorkerProcess] = []
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`."""
        threads = self._threads or self._start(work.__module__)
        return threads.submit(self._run, work, args)

    def shutdown(self) -> None:
        """See `Executor`."""
        self._progress.stop()
        try:
            if self._threads:
                self._threads.shutdown(cancel_futures=True)
            for process in self._processes:
                process.end()
        except BaseException:  # a second signal, while this waits: the workers ignore it
            for process in self._processes:
                process.kill()
            raise

    def _start(self, preload: str) -> ThreadPoolExecutor:
        """Start the workers, and return the threads that serve them."""
        self._started = True
        with _refusals():
            _reserve_descriptors(DESCRIPTORS_PER_WORKER * self.workers + OTHER_DESCRIPTORS)
            progress = ProcessProgress(RawArray(c_longlong, self.workers), RawValue(c_byte))
        self._progress = progress
        self._processes = [
            WorkerProcess(self._values, replace(progress, worker=index)) for index in range(self.workers)
        ]
        if can_fork():
            with _ready_to_fork(), _one_blas_thread():
                for process in self._processes:
                    process.start(multiprocessing.get_context("fork"))
            self._threads = threads = start_threads(self.workers)  # after all forks
        else:
            self._threads = threads = start_threads(self.workers)
            for start in [threads.submit(self._start_slowly, each, preload) for each in self._processes]:
                start.result()
        for process in self._processes:
            self._idle.put(process)
        return threads

    def _start_slowly(self, process: WorkerProcess, preload: str) -> None:
        """Start a process without a fork of this one; in a thread, where no signal breaks it off halfway."""
        with self._starting, _one_blas_thread():
            process.start(_context_without_fork(preload))

    def _run(self, work: Work[R], args: Sequence[Any]) -> R:
        process = self._idle.get()  # there are as many threads as processes
        try:
            if process.connection is None:
                self._start_slowly(process, work.__module__)
            result: R = process.run(work, args)
            return result
        finally:
            self._idle.put(process)


class WorkerProcess:
    """A worker as this process sees it; it can be started again after its process was killed."""

    def __init__(self, values: Sequence[Any], progress: ProcessProgress) -> None:
        self._values, self._progress = values, progress
        self.connection: Connection | None = None
        """None if it is not started, or was killed."""

    def start(self, context: BaseContext) -> None:
        """Start the process; raises `WorkersRefusedError` if the system refuses to."""
        with _refusals():
            connection, theirs = context.Pipe()
            self._process = context.Process(  # type: ignore[attr-defined]  # every context has one
                target=_serve, args=(theirs, self._values, self._progress), daemon=True
            )
            try:
                self._process.start()
                self.connection = connection
            finally:
                theirs.close()  # so that the pipe ends with the process
                if self.connection is None:
                    connection.close()

    def run(self, work: Work[R], args: Sequence[Any]) -> Any:
        """What the work returns; raises what it raises, or `WorkerKilledError` if the process died."""
        try:
            self.connection.send((work, args))  # type: ignore[union-attr]  # it is started
            failed, result = self.connection.recv()  # type: ignore[union-attr]
        except (EOFError, OSError) as error:
            self.end()
            raise WorkerKilledError from error
        if failed:
            raise result
        return result

    def kill(self) -> None:
        """End the process at once."""
        if self.connection:
            self._process.kill()

    def end(self) -> None:
        """Let the process end, and wait for it."""
        if self.connection:
            with suppress(OSError):  # it is dead already
                self.connection.send(None)
            self.connection.close()
            self.connection = None
            self._process.join()


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise `WorkersRefusedError` for what the system refuses within the block."""
    try:
        yield
    except OSError as error:
        where = f" in {Path(error.filename).parent}" if error.filename else ""
        raise WorkersRefusedError(f"{error.strerror}{where}") from error
    except EOFError as error:
        raise WorkersRefusedError("the server that starts them does not answer") from error


def _reserve_descriptors(count: int) -> None:
    """Raise OSError unless so many files can be opened: a start that fails halfway leaves some open."""
    reserved: list[int] = []
    try:
        while len(reserved) < count:
            reserved += os.pipe()
    finally:
        for descriptor in reserved:
            os.close(descriptor)


def _serve(connection: Connection, values: Sequence[Any], progress: ProcessProgress) -> None:
    """A worker's life: run the items that come, until None does.

    A terminal sends its signals to all processes. The parent decides what they mean; the workers ignore them.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    set_blas_threads(1)
    with suppress(RuntimeError):  # the system starts no thread: this worker outlives its parent by one item
        threading.Thread(target=_end_with_parent, daemon=True).start()
    while _run_next(connection, values, progress):
        pass


def _run_next(connection: Connection, values: Sequence[Any], progress: Progress) -> bool:
    """Run the next item and send whether it failed, with its exception or result; False if none comes."""
    parent = multiprocessing.parent_process()
    if parent and connection not in wait([connection, parent.sentinel]):
        return False
    if (item := connection.recv()) is None:
        return False
    work, args = item
    try:
        connection.send((False, work(progress, *resolved(args, values))))
    except Exception as error:  # also of a result that cannot be pickled: nothing of it was sent
        error.add_note("".join(traceback.format_exception(error)))  # pickling drops the traceback
        connection.send((True, error))
    return True


def _end_with_parent() -> None:
    """End this worker if its parent was killed: it would wait for items for ever."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


def _context_without_fork(preload: str) -> BaseContext:
    """How to start a process beside threads; `preload` is the module that the work is defined in."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


@contextmanager
def _ready_to_fork() -> Iterator[None]:
    """Within the block this process can be forked, by its only thread.

    A signal that came just after a fork would be handled in the worker as it is here: it waits until the end
    of the block. The workers' garbage collectors leave out the objects that exist by now: to look at them
    would copy their memory page by page.
    """
    gc.freeze()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about the threads of the BLAS
            yield
    finally:
        gc.unfreeze()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Within the block processes start with one BLAS thread; NumPy reads this when it is imported."""
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
