"""Worker processes: each gets the shared values once, and computes with one BLAS thread.

If this process has a single thread, workers are forked from it, which is instant and copies nothing. With a
second thread a fork is unsafe, because that thread's locks would be in an unknown state. Then, and to replace
a dead worker, workers come from a fork server that has imported what the work needs, which takes a few tenths
of a second.

In messages between processes, large arrays are sent as they are, without being copied into the pickle. The
pickler is that of `multiprocessing`, whose connections would use it, too. Both ends are this program.
"""

from __future__ import annotations

import errno
import gc
import io
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from contextlib import contextmanager, suppress
from ctypes import Array, c_byte, c_longlong
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from fnnctl.blas import blas_threads, can_set_blas_threads, reserve_blas_memory, set_blas_threads
from fnnctl.errors import is_out_of_memory
from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved, start_threads
from fnnctl.executors.protocols import (
    SECONDS_TO_STOP,
    Poll,
    Progress,
    R,
    Work,
    WorkerKilledError,
    WorkersRefusedError,
)
from fnnctl.forks import keep_from_forks
from fnnctl.memory import memory_kills

PROTOCOL: Final = 5
"""The first one that gives arrays' buffers out."""
DESCRIPTORS_PER_WORKER = 3
"""One for the pipe to the worker, and two to notice when it ends."""
OTHER_DESCRIPTORS = 8
"""Needed briefly during a start, and by the rest of the program."""


@dataclass(frozen=True, slots=True)
class Message:
    """A pickled object; its arrays are beside the pickle and not copied."""

    pickled: memoryview
    arrays: Sequence[memoryview]

    @classmethod
    def of(cls, content: Any) -> Message:
        """Pickle any object; raises what pickling raises."""
        buffers: list[Any] = []
        pickled = io.BytesIO()
        ForkingPickler(pickled, PROTOCOL, True, buffers.append).dump(content)
        # The value is no copy. Of a view of the buffer Python 3.13 complains when it collects garbage.
        return cls(memoryview(pickled.getvalue()), [buffer.raw() for buffer in buffers])

    def send(self, connection: Connection) -> None:
        """Send the message; raises OSError if the other end is gone.

        After any error a part of the message may have been sent: the connection is of no more use.
        """
        connection.send([view.nbytes for view in self.arrays])
        connection.send_bytes(self.pickled)
        for view in self.arrays:
            if view.nbytes:
                connection.send_bytes(view)


def receive_message(connection: Connection) -> Any:
    """The content of the next message; raises EOFError or OSError if the other end is gone.

    After any error a part of the message may be unread: the connection is of no more use.
    """
    sizes: list[int] = connection.recv()
    pickled = connection.recv_bytes()
    buffers = [bytearray(size) for size in sizes]
    for buffer in buffers:
        if buffer:
            connection.recv_bytes_into(buffer)
    return ForkingPickler.loads(pickled, buffers=buffers)


THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

THREADED = {"jax", "tensorflow", "torch"}
"""Libraries whose own threads do not survive a fork and are not counted by Python."""
KILLED = -9
"""The exit code after SIGKILL, which the module `signal` does not have on Windows."""


def can_fork() -> bool:
    """Whether workers can be forked from this process as it is now.

    Linux only: on other systems the state of system libraries does not survive a fork. NumPy's BLAS has
    threads and handles forks; other threaded libraries do not. If the number of BLAS threads can only be set
    before the BLAS is loaded, a forked worker would keep this process's number.
    """
    alone = threading.active_count() == 1 and not THREADED.intersection(sys.modules)
    return sys.platform == "linux" and alone and can_set_blas_threads()


@dataclass(frozen=True)
class ProcessProgress:
    """Progress in memory shared by the processes.

    Each worker has its own counter, so no lock is needed. A worker killed while holding one would never
    release it.
    """

    counts: Array[c_longlong]
    flag: c_byte
    worker: int | None = None
    """The worker that this view belongs to; None in the parent."""

    @property
    def done(self) -> int:
        """The total progress of all workers: see `LocalProgress`."""
        return sum(self.counts)

    def should_stop(self) -> bool:
        """Whether the work should end early: see `Progress`."""
        return bool(self.flag.value)

    def advance(self, amount: int) -> None:
        """Report that this much more is done: see `Progress`."""
        if self.worker is not None:
            self.counts[self.worker] += amount

    def stop(self) -> None:
        """Ask all work to end early: see `LocalProgress`."""
        self.flag.value = 1


class ProcessExecutor(LocalExecutor):
    """Runs work in processes; work, shared values, arguments and results are pickled.

    Each process is served by a thread of this one, which sends it an item and waits for the result.
    """

    def __init__(self, workers: int, poll: Poll) -> None:
        """The workers start at the first `submit`; until then progress is not shared."""
        super().__init__(workers, poll, ThreadProgress())
        self._processes: list[WorkerProcess] = []
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()
        self._running: set[Future[Any]] = set()
        """The futures of the items that are not done."""
        self._deadline = math.inf
        """When processes that have not stopped are killed; before they are asked to, none is."""

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run an item of work: see `Executor`."""
        threads = self._threads or self._start(work.__module__)
        future = threads.submit(self._run, work, args)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def poll(self) -> bool:
        """Report progress; True once the work was asked to stop: see `Executor`."""
        is_stopped = super().poll()
        if time.monotonic() > self._deadline:
            self._kill()
        return is_stopped

    def shutdown(self) -> None:
        """See `Executor`. It takes a few seconds at most, even if a process hangs or was suspended."""
        self._stop()
        try:
            if self._threads:
                self._threads.shutdown(wait=False, cancel_futures=True)
            if not wait_for_futures(set(self._running), self._seconds_left()).not_done:
                for process in self._processes:
                    process.ask_to_end()  # all of them, so that they end at the same time
                for process in self._processes:
                    process.wait(self._seconds_left())
        finally:  # also after a second signal during the wait; the workers ignore signals
            self._kill()
        if self._threads:
            self._threads.shutdown()
        for process in self._processes:
            process.end()

    def _stop(self) -> None:
        super()._stop()
        self._deadline = min(self._deadline, time.monotonic() + SECONDS_TO_STOP)

    def _seconds_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _kill(self) -> None:
        for process in self._processes:
            process.kill()

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
            for start in [
                threads.submit(self._start_slowly, process, preload) for process in self._processes
            ]:
                start.result()
        for process in self._processes:
            self._idle.put(process)
        return threads

    def _start_slowly(self, process: WorkerProcess, preload: str) -> None:
        """Start a process without forking this one; in a thread, where no signal can interrupt it halfway."""
        with self._starting, _one_blas_thread():
            process.start(_context_without_fork(preload))

    def _run(self, work: Work[R], args: Sequence[Any]) -> R:
        process = self._idle.get()  # there are as many threads as processes
        try:
            if not process.is_started:
                self._start_slowly(process, work.__module__)
                if self._progress.should_stop():  # and the other processes may have been killed
                    raise WorkerKilledError
            result: R = process.run(work, args)
            return result
        finally:
            self._idle.put(process)


class WorkerProcess:
    """A worker as this process sees it; it can be started again after its process was killed.

    One thread at a time uses it; any thread may kill it.
    """

    def __init__(self, values: Sequence[Any], progress: ProcessProgress) -> None:
        self._values, self._progress = values, progress
        self._started: tuple[BaseProcess, Connection] | None = None
        self._kills_before: int | None = None
        """How often the system had killed processes for their memory when this one started."""

    @property
    def is_started(self) -> bool:
        """Whether there is a process; it may have been killed."""
        return self._started is not None

    def start(self, context: BaseContext) -> None:
        """Start the process; raises `WorkersRefusedError` if the system refuses to."""
        if multiprocessing.current_process().daemon:
            raise WorkersRefusedError("a daemonic process of multiprocessing may have none")
        with _refusals():
            connection, theirs = context.Pipe()
            keep_from_forks(connection)
            process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # every context has one
                target=_serve, args=(theirs, self._values, self._progress), daemon=True
            )
            self._kills_before = memory_kills()
            try:
                process.start()
                self._started = process, connection
            finally:
                theirs.close()  # so that the pipe ends with the process
                if self._started is None:
                    connection.close()

    def run(self, work: Work[R], args: Sequence[Any]) -> Any:
        """What the work returns; raises what it raises, or `WorkerKilledError` if the process died.

        After any other error, such as a result too large for the memory of this process, the process is
        killed, because it may be in the middle of a message.
        """
        if self._started is None:
            raise RuntimeError("the process has not been started")
        message = Message.of((work, args))
        try:
            message.send(self._started[1])
            failed, result = receive_message(self._started[1])
        except (EOFError, OSError) as error:
            code = self.end()
            raise WorkerKilledError from (MemoryError() if self._lacked_memory(code) else error)
        except BaseException:
            self.kill()
            self.end()
            raise
        if failed:
            raise result
        return result

    def kill(self) -> None:
        """End the process at once, if there is one."""
        if started := self._started:
            with suppress(ValueError):  # another thread has just ended it
                started[0].kill()

    def ask_to_end(self) -> None:
        """Let the process end, which must have no item."""
        if self._started:
            with suppress(OSError):  # it is dead already
                Message.of(None).send(self._started[1])

    def wait(self, seconds: float) -> None:
        """Wait for the end of the process, but not longer."""
        if self._started:
            self._started[0].join(seconds)

    def end(self) -> int | None:
        """Close the pipe, with which the process ends, wait for that, and return the exit code.

        None if there is no process.
        """
        if self._started is None:
            return None
        process, connection = self._started
        connection.close()
        process.join()
        code = process.exitcode
        self._started = None
        with suppress(ValueError):  # the start of another process has just noticed the end
            process.close()  # its descriptors, which would otherwise stay open until garbage is collected
        return code

    def _lacked_memory(self, code: int | None) -> bool:
        """Whether a process that ended with this code did so because it got no memory."""
        if code == errno.ENOMEM:
            return True
        return code == KILLED and memory_kills() != self._kills_before


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the system's refusals within the block into `WorkersRefusedError`."""
    try:
        yield
    except OSError as error:
        where = f" in {Path(error.filename).parent}" if error.filename else ""
        raise WorkersRefusedError(f"{error.strerror}{where}") from error
    except EOFError as error:
        raise WorkersRefusedError("the fork server does not answer") from error


def _reserve_descriptors(count: int) -> None:
    """Raise OSError unless `count` files can be opened; a start that fails halfway would leave some open."""
    reserved: list[int] = []
    try:
        while len(reserved) < count:
            reserved += os.pipe()
    finally:
        for descriptor in reserved:
            os.close(descriptor)


def _serve(connection: Connection, values: Sequence[Any], progress: ProcessProgress) -> None:
    """The main loop of a worker: run items until None arrives.

    A terminal sends its signals to all processes. The parent handles them; the workers ignore them.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    set_blas_threads(1)
    with suppress(RuntimeError):  # then the worker ends after its item, not at once
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        reserve_blas_memory()
        while _run_next(connection, values, progress):
            pass
    except Exception as error:
        if is_out_of_memory(error):  # to send a message would need some
            os._exit(errno.ENOMEM)
        if not isinstance(error, EOFError | OSError):  # the parent has gone
            raise


def _run_next(connection: Connection, values: Sequence[Any], progress: Progress) -> bool:
    """Run the next item and send back whether it failed, and its exception or result; False at the end.

    Raises EOFError or OSError if the parent has gone, and what comes from missing memory.
    """
    if (item := receive_message(connection)) is None:
        return False
    work, args = item
    try:
        message = Message.of((False, work(progress, *resolved(args, values))))
    except Exception as error:  # also if the result cannot be pickled
        if is_out_of_memory(error):
            raise
        error.add_note("".join(traceback.format_exception(error)))  # pickling drops the traceback
        message = Message.of((True, error))
    message.send(connection)
    return True


def _end_with_parent() -> None:
    """End this worker if its parent is killed; otherwise it would wait for items forever."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


def _context_without_fork(preload: str) -> BaseContext:
    """How to start a process if this one has threads; `preload` is the module that defines the work."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


@contextmanager
def _ready_to_fork() -> Iterator[None]:
    """Make this process safe to fork within the block; it must have a single thread.

    Signals are blocked until the end of the block, because one that arrives just after a fork would run this
    process's handler in the worker. The workers' garbage collectors skip all objects that exist now: visiting
    them would copy their memory page by page. So does this process's own if the command has frozen them
    before, because to search all imported modules would delay its end by a tenth of a second. The workers
    inherit one BLAS thread: see `set_blas_threads`.
    """
    stays_frozen = gc.get_freeze_count() > 0
    gc.freeze()
    threads = blas_threads()
    set_blas_threads(1)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about the threads of the BLAS
            yield
    finally:
        if threads is not None:
            set_blas_threads(threads)
        if not stays_frozen:
            gc.unfreeze()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Processes started within the block use one BLAS thread; NumPy reads the variables when imported."""
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
