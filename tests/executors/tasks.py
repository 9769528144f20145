"""Work for the executors' tests, where a worker process finds it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from fnnctl.executors.board import Board


def times(shared: int, task: int, board: Board) -> int:
    board.advance(task)
    return shared * task


def process(shared: None, task: int, board: Board) -> tuple[int, int]:
    time.sleep(0.2)
    return task, os.getpid()


def threads_of_blas(shared: None, task: int, board: Board) -> str:
    return os.environ["OPENBLAS_NUM_THREADS"]


def until_stopped(shared: None, task: int, board: Board) -> int:
    board.advance(1)
    deadline = time.monotonic() + 30
    while not board.should_stop() and time.monotonic() < deadline:
        time.sleep(0.002)
    return task


def fails(shared: None, task: int, board: Board) -> int:
    raise ZeroDivisionError(str(task))


def killed_once(shared: str, task: int, board: Board) -> int:
    """The first process that does this dies of it."""
    marker = Path(shared) / "killed"
    if task == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def killed(shared: None, task: int, board: Board) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task
