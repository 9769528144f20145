"""Runs the program as a user does: whole processes, with what they take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
LIFTED = (*THREAD_VARIABLES, "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
"""The environment's limits that would make a process slower than a user's."""


@dataclass(frozen=True, slots=True, order=True)
class Ended:
    """A process that has ended."""

    seconds: float
    processor_seconds: float
    megabytes: float
    """Of resident memory at the peak."""
    code: int
    stdout: str = field(compare=False)
    stderr: str = field(compare=False)


def run_process(words: Sequence[str], folder: Path, *, check: bool = True, **variables: str) -> Ended:
    """Run a command in a folder; raises `CalledProcessError` if it fails, unless `check` is false."""
    surroundings = {name: value for name, value in os.environ.items() if name not in LIFTED}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=folder, env={**surroundings, **variables}, stdout=out, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        texts = out.read(), errors.read()
    if check and process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words, *texts)
    return Ended(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, *texts)


def run_python(*words: str, folder: Path = ROOT, check: bool = True, **variables: str) -> Ended:
    """Run Python, which finds this checkout's modules."""
    return run_process([sys.executable, *words], folder, check=check, PYTHONPATH=str(ROOT), **variables)


def fnnctl(*words: str, folder: Path = ROOT, check: bool = True, **variables: str) -> Ended:
    """Run a command of the program."""
    return run_python("-m", "fnnctl", *words, folder=folder, check=check, **variables)
