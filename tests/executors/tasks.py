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


def times(progress: Progress, shared: int, item: int) -> int:
    progress.advance(item)
    return shared * item


def process(progress: Progress, item: int) -> tuple[int, int]:
    time.sleep(0.2)
    return item, os.getpid()


def threads_of_blas(progress: Progress) -> str:
    return os.environ["OPENBLAS_NUM_THREADS"]


def surroundings(progress: Progress) -> tuple[int | bool | None, ...]:
    """The threads of the BLAS, and which signals are ignored."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return blas_threads(), *(signal.getsignal(number) is signal.SIG_IGN for number in signals)


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
    time.sleep(60)


def until_stopped(progress: Progress, item: int) -> int:
    progress.advance(1)
    deadline = time.monotonic() + 30
    while not progress.should_stop() and time.monotonic() < deadline:
        time.sleep(0.002)
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
    """Dies while another works; the others tell how many work beside them."""
    mark = Path(folder) / f"{os.getpid()}"
    mark.touch()
    time.sleep(0.1)
    if item == 1 and not (Path(folder) / "killed").exists():
        (Path(folder) / "killed").touch()
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    beside = len([each for each in Path(folder).iterdir() if each.name.isdigit()]) - 1
    time.sleep(0.1)
    mark.unlink()
    return beside


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
    time.sleep(0.05)
    return item, os.getpid()


def writes_into(progress: Progress, array: np.ndarray) -> float:
    """Arrays that come with an item are changed in place by the training."""
    array += 1
    return float(array.sum())
