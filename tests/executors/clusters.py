"""Real Dask schedulers and workers for the tests: processes of their own, which end by their process ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import fnnctl

ROOT = Path(fnnctl.__file__).parent.parent
DEADLINE = 60.0


@dataclass
class DaskCluster:
    """A scheduler and workers of one thread without a nanny, so that a killed worker stays dead."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *, preload: str | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, which first runs the code `preload`, and wait until it has joined."""
        arguments = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        arguments += ["--local-directory", str(self.folder), "--memory-limit", "0"]  # so that it stays paused
        if preload is not None:
            file = self.folder / f"preload_{len(self.workers)}.py"
            file.write_text(preload)
            arguments += ["--preload", str(file)]
        name = f"worker-{len(self.workers)}"
        worker = start(self.folder, name, *arguments)
        self.workers.append(worker)
        deadline = time.monotonic() + DEADLINE
        while "Registered to:" not in (self.folder / f"{name}.log").read_text():
            if worker.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the worker did not start")
            time.sleep(0.05)
        return worker


def start(folder: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # so that workers find the tests
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=folder, env=environment, stderr=log, stdout=log
        )


@contextmanager
def dask_cluster(folder: Path, *, workers: int = 2) -> Iterator[DaskCluster]:
    """A scheduler with workers; all of them are ended."""
    folder.mkdir(exist_ok=True)
    file = folder / "scheduler.json"
    arguments = ("scheduler", "--port", "0", "--scheduler-file", str(file), "--no-dashboard")
    cluster = DaskCluster(folder, start(folder, "scheduler", *arguments), "")
    try:
        cluster.address = address_in(file, cluster.scheduler)
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        end([*cluster.workers, cluster.scheduler])


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill the processes: a worker that is asked to end may wait long for a scheduler that is gone."""
    for process in processes:
        process.kill()
        process.wait()


def address_in(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and scheduler.poll() is None:
        try:
            address: str = json.loads(file.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
        else:
            return address
    raise RuntimeError("the scheduler did not start")
