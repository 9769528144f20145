"""Real Dask schedulers and workers for the tests: processes of their own, which end by their process ids."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import fnnctl

ROOT = Path(fnnctl.__file__).parent.parent
DEADLINE = 60.0


@dataclass
class DaskCluster:
    """A scheduler and workers of one thread without a nanny, so that a killed worker stays dead."""

    folder: Path
    scheduler: ForkedProcess
    address: str
    workers: list[ForkedProcess] = field(default_factory=list)

    def add_worker(self, *, preload: str | None = None) -> ForkedProcess:
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


@dataclass(frozen=True)
class ForkedProcess:
    """A process of a server that has imported Dask once for all of them; it is used like a `Popen`."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self.process.join(timeout)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()


def start(folder: Path, name: str, *arguments: str) -> ForkedProcess:
    """Start `dask ARGUMENTS`; what it says is in the file `NAME.log` of the folder."""
    log = folder / f"{name}.log"
    log.touch()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["distributed.cli.dask_scheduler", "distributed.cli.dask_worker", "numpy"])
    process = context.Process(target=run_dask, args=(log, dict(os.environ), arguments), daemon=True)
    process.start()
    return ForkedProcess(process)


def run_dask(log: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Do in this process what `dask ARGUMENTS` does."""
    from dask.__main__ import main

    os.environ.update(environment)
    os.chdir(log.parent)
    sys.path.insert(0, str(ROOT))  # so that workers find the tests
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.argv = ["dask", *arguments]
    main()


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


def end(processes: Sequence[ForkedProcess]) -> None:
    """Kill the processes: a worker that is asked to end may wait long for a scheduler that is gone."""
    for process in processes:
        process.kill()
        process.wait()


def address_in(file: Path, scheduler: ForkedProcess) -> str:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and scheduler.poll() is None:
        try:
            address: str = json.loads(file.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
        else:
            return address
    raise RuntimeError("the scheduler did not start")
