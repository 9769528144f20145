"""Work for the executors' tests, where a worker process finds it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.blas import blas_threads
from fnnctl.executors.protocols import Progress
from tests.waiting import DEADLINE, await_true


def times(progress: Progress, shared: int, item: int) -> int:
    progress.advance(item)
    return shared * item


def never(done: int) -> bool:
    """A poll that stops nothing."""
    return False


def process(progress: Progress, item: int) -> tuple[int, int]:
    return item, os.getpid()


def meet(progress: Progress, folder: str, item: int, count: int) -> int:
    """The process, once `count` items with this folder have begun."""
    (Path(folder) / str(item)).touch()
    await_true(lambda: len(list(Path(folder).iterdir())) >= count)
    return os.getpid()


def surroundings(progress: Progress) -> tuple[object, ...]:
    """The threads of the BLAS, by itself and by the environment, and which signals are ignored."""
    threads = blas_threads(), os.environ.get("OPENBLAS_NUM_THREADS")
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return *threads, *(signal.getsignal(number) is signal.SIG_IGN for number in signals)


def system_threads(progress: Progress) -> int:
    """The threads of this process that the system knows, after a product of matrices."""
    (np.ones((400, 400), np.float32) @ np.ones((400, 400), np.float32)).sum()
    return len(list(Path("/proc/self/task").iterdir()))


def open_files(progress: Progress) -> set[int]:
    """The inodes of all files and pipes that are open in this process."""
    folder = Path("/proc/self/fd")
    return {path.stat().st_ino for path in folder.iterdir() if path.exists()}


def large_array(progress: Progress) -> np.ndarray:
    """More than fits into a pipe."""
    return np.zeros(2**22)


def lacks_memory(progress: Progress) -> None:
    raise MemoryError


def hides_that_memory_lacks(progress: Progress) -> None:
    """As `zipfile` does if the archive cannot grow."""
    try:
        raise MemoryError
    finally:
        raise ValueError("I/O operation on closed file.")


def tell_and_wait(progress: Progress) -> None:
    os.write(1, f"{os.getpid()}\n".encode())  # at once: lines of several workers do not mix
    time.sleep(10 * DEADLINE)  # until the process is killed


def until_stopped(progress: Progress, item: int) -> int:
    progress.advance(1)
    await_true(progress.should_stop)
    return item


def suspended(progress: Progress, item: int) -> int:
    """Says that it has begun, and suspends its process."""
    progress.advance(1)
    os.kill(os.getpid(), signal.SIGSTOP)
    return item


def pause(dask_worker: Any) -> int:
    """Called in a Dask worker by a client: it begins no item any more. Returns its process id."""
    from distributed import Status

    dask_worker.status = Status.paused
    return os.getpid()


def fails(progress: Progress, item: int) -> int:
    raise ZeroDivisionError(str(item))


class StubbornError(Exception):
    """An error that cannot be made from its arguments, as pickle would make it."""

    def __init__(self, *, number: int) -> None:
        super().__init__(f"number {number}")


class Unreadable:
    """Ends the process that gets one."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


def fails_stubbornly(progress: Progress) -> None:
    raise StubbornError(number=3)


def gives_a_lambda(progress: Progress) -> object:
    return lambda: None


def killed_once(progress: Progress, folder: str, item: int) -> int:
    """The first process that does this dies of it."""
    marker = Path(folder) / "killed"
    if item == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def killed_in_company(progress: Progress, folder: str, item: int) -> int:
    """Item 1 dies while another works; the others tell how many work beside them."""
    mark, met, killed = (Path(folder) / name for name in (f"{os.getpid()}", "met", "killed"))
    mark.touch()

    def beside() -> int:
        return len([path for path in Path(folder).iterdir() if path.name.isdigit()]) - 1

    if item == 1 and not killed.exists():
        await_true(met.exists)
        mark.unlink()
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if not killed.exists():
        await_true(beside)
        met.touch()
        await_true(killed.exists)
        mark.unlink()
        return 1
    time.sleep(0.1)  # if another began now, it would be seen
    count = beside()
    mark.unlink()
    return count


def killed(progress: Progress, item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


class Counted:
    """A value that counts, in a file of its folder for each process, how often it is read from bytes."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        count(self.folder, "sent")
        return received, (self.folder,)


def received(folder: str) -> Counted:
    count(folder, "received")
    return Counted(folder)


def count(folder: str, kind: str) -> None:
    with (Path(folder) / f"{kind}-{os.getpid()}").open("a") as file:
        file.write(".")


def uses(progress: Progress, value: Counted, item: int) -> tuple[int, int]:
    """Waits for another process that uses it, too."""
    (Path(value.folder) / f"used-{os.getpid()}").touch()
    await_true(lambda: len(list(Path(value.folder).glob("used-*"))) == 2)
    return item, os.getpid()


def writes_into(progress: Progress, array: np.ndarray) -> float:
    """Arrays that come with an item are changed in place by the training."""
    array += 1
    return float(array.sum())
