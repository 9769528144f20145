"""Work for the executors' tests, where a worker process finds it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

from fnnctl.blas import blas_function
from fnnctl.executors.board import Board, ProcessBoard


def times(shared: int, task: int, board: Board) -> int:
    board.advance(task)
    return shared * task


def process(shared: None, task: int, board: Board) -> tuple[int, int]:
    time.sleep(0.2)
    return task, os.getpid()


def threads_of_blas(shared: None, task: int, board: Board) -> str:
    return os.environ["OPENBLAS_NUM_THREADS"]


def surroundings(shared: None, task: int, board: Board) -> tuple[int | bool, ...]:
    """The threads of the BLAS, and which signals are ignored."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return blas_threads(), *(signal.getsignal(number) is signal.SIG_IGN for number in signals)


def blas_threads() -> int:
    names = ("scipy_openblas_get_num_threads64_", "openblas_get_num_threads64_", "openblas_get_num_threads")
    getter = blas_function(names, takes=[], gives=ctypes.c_int)
    return int(getter()) if getter else 1


def tell_and_wait(shared: None, task: int, board: Board) -> None:
    print(os.getpid(), flush=True)
    time.sleep(60)


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


def killed_with_the_board(shared: str, task: int, board: Board) -> int:
    """The first process that does this dies of it, and nobody can write on the board any more."""
    marker = Path(shared) / "killed"
    if isinstance(board, ProcessBoard) and not marker.exists():
        with board._done.get_lock():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return task


def killed(shared: None, task: int, board: Board) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task
