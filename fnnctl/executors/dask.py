"""Dask: workers on several machines, or on this one. The only file that imports Dask."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from fnnctl.errors import UsageError
from fnnctl.executors.cluster import ClusterExecutor
from fnnctl.executors.protocols import ClusterLostError, ClusterOptions, Poll, R, WorkersRefusedError
from fnnctl.executors.remote import RemoteItem, RemoteResult, run_item
from fnnctl.store.atomic import scratch_folder
from fnnctl.text import counted, install_command

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 5
"""After this time a worker is taken to be dead, busy or unreachable; it is asked again later."""
SECONDS_TO_COPY = 20
"""How long to wait until all workers have the shared values; one of them may be suspended."""
SECONDS_UNTIL_LOST = 60
"""A scheduler that does not answer for so long is taken to be gone; workers stop after the same time."""
SECONDS_TO_END = 1.5
"""How long the worker processes of this machine may take to end; then they are killed."""

CONFIG = {"distributed.admin.large-graph-warning-threshold": "1TB"}  # an item may have large checkpoints
WORKER_VARIABLES = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


class NoDaskError(UsageError):
    """Dask is not installed."""

    def __init__(self) -> None:
        super().__init__(f"--executor dask needs Dask: {install_command('distributed')}")


class DaskExecutor(ClusterExecutor):
    """Runs items on the workers of a Dask scheduler, or on worker processes of this machine."""

    def __init__(self, workers: int, poll: Poll, options: ClusterOptions | None = None) -> None:
        """Raises `UsageError` if Dask is missing, or if there is no scheduler or worker at the address."""
        options = options or ClusterOptions()
        if options.address is None:
            import_dask()
        super().__init__(lambda: DaskConnection(options.address, workers), workers, poll, options)


def check_dask(address: str | None) -> None:
    """Raise `UsageError` if Dask is missing, or if there is no scheduler or no usable worker."""
    DaskExecutor(1, lambda done: False, ClusterOptions(address)).shutdown()


def import_dask() -> Any:
    """The module `distributed`, silenced; raises `NoDaskError` if it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise NoDaskError from error
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return distributed


class DaskConnection:
    """The connection to a cluster of Dask: see `Connection`."""

    def __init__(self, address: str | None, workers: int) -> None:
        """Connect to the scheduler at the address, or start one with as many worker processes here."""
        self._distributed = import_dask()
        import dask.config

        with ExitStack() as undo:
            undo.enter_context(dask.config.set(CONFIG))
            if address is None:
                address = undo.enter_context(_local_cluster(self._distributed, workers))
            self.address = address
            self._client = _connected(self._distributed, address)
            undo.callback(self._client.close, timeout=SECONDS_TO_CONNECT)
            self._undo = undo.pop_all()
        self._name, self._placed = uuid.uuid4().hex, 0
        self._values: dict[str, Any] = {}

    def threads(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """The threads of all workers, and of those that accept items now: see `Connection`."""
        scheduler = self._client.scheduler
        ask = partial(self._client.sync, callback_timeout=SECONDS_UNTIL_LOST)
        with self._answering():
            return ask(scheduler.ncores), ask(scheduler.ncores_running)

    def call(
        self, function: Callable[..., Any], *args: Any, workers: Sequence[str], **settings: Any
    ) -> Mapping[str, Any]:
        """Call a function in each worker: see `Connection`."""
        import asyncio  # takes 20 ms, which other commands should not spend

        async def call_all() -> Sequence[Mapping[str, Any]]:
            return await asyncio.gather(
                *(self._call(function, *args, worker=worker, **settings) for worker in workers)
            )

        with self._answering():
            answers = self._client.sync(call_all)
        return {worker: answer for of_worker in answers for worker, answer in of_worker.items()}

    async def _call(
        self, function: Callable[..., Any], *args: Any, worker: str, **settings: Any
    ) -> Mapping[str, Any]:
        import asyncio

        answering = self._client._run(function, *args, workers=[worker], on_error="return", **settings)
        try:
            answer: Mapping[str, Any] = await asyncio.wait_for(answering, SECONDS_TO_ANSWER)
        except TimeoutError:
            return {}
        return answer

    def place(self, values: Sequence[Any], workers: Sequence[str]) -> bool:
        """Send the shared values to the workers: see `Connection`."""
        self._placed += 1
        named = {f"fnnctl-{self._name}-{self._placed}-{k}": value for k, value in enumerate(values)}
        if not named:
            return True
        try:
            placed = self._client.sync(self._place, named, workers)
        except OSError:  # of the worker; `threads` knows whether the scheduler answers
            placed = None
        self._values = placed or {}
        return placed is not None

    async def _place(self, named: Mapping[str, Any], workers: Sequence[str]) -> Mapping[str, Any] | None:
        """The handles of the values; None if the first worker stops answering while it gets them.

        The scheduler waits for a suspended worker without limit, and copies nothing else meanwhile.
        """
        import asyncio

        sending = asyncio.ensure_future(self._client._scatter(named, workers=workers[:1]))
        while not (await asyncio.wait([sending], timeout=SECONDS_TO_ANSWER))[0]:
            if not await self._call(os.getpid, worker=workers[0]):
                sending.cancel()
                return None
        values: Mapping[str, Any] = await sending
        if len(workers) > 1:
            copying = self._client._replicate(list(values.values()), workers=workers)
            with suppress(TimeoutError):
                await asyncio.wait_for(copying, SECONDS_TO_COPY)
        return values

    def spread(self, workers: Sequence[str]) -> None:
        """See `Connection`. Nobody waits for it: a worker that has the values may not answer."""
        if self._values and self.has_values():
            values = list(self._values.values())
            self._client.loop.add_callback(self._client._replicate, values, workers=list(workers))

    def has_values(self) -> bool:
        """Whether some worker still has the shared values: see `Connection`."""
        return all(value.status == "finished" for value in self._values.values())

    def submit(self, worker: str, item: RemoteItem[R]) -> Future[RemoteResult[R]]:
        """Run an item on a worker: see `Connection`."""
        executor = self._client.get_executor(pure=False, workers=[worker], allow_other_workers=False)
        sent: Future[RemoteResult[R]] = executor.submit(run_item, item, *self._values.values())
        return sent

    def is_lost(self, sent: Future[RemoteResult[Any]]) -> bool:
        """Whether the cluster has lost an item that is done: see `Connection`."""
        if sent.cancelled():
            return True
        return isinstance(sent.exception(), self._distributed.KilledWorker | self._distributed.CancelledError)

    def close(self) -> None:
        """End the connection, and the workers that it has started: see `Connection`."""
        with suppress(OSError):  # nothing answers any more
            self._undo.close()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Raise `ClusterLostError` if the scheduler does not answer within the block."""
        try:
            yield
        except OSError as error:
            raise ClusterLostError(self.address) from error


def _connected(distributed: Any, address: str) -> Any:
    """A client of the scheduler at the address; raises `UsageError` if none answers.

    A client that cannot connect does not clean up well, so a bare connection is tried first.
    """
    import asyncio

    async def knock() -> None:
        connecting = distributed.comm.connect(address, timeout=SECONDS_TO_CONNECT)
        comm = await asyncio.wait_for(connecting, SECONDS_TO_CONNECT)  # also for a server that says nothing
        await comm.close()

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions of packages that fnnctl does not use
            asyncio.run(knock())
            return distributed.Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except OSError as error:
        within = counted(SECONDS_TO_CONNECT, "second")
        reason = f"no Dask scheduler answers at {address} within {within}"
        raise UsageError(f"--dask-address: {reason}") from error
    except Exception as error:  # what another kind of server answers may be anything, even a MemoryError
        reason = f"'{address}' is not the address of a Dask scheduler, such as tcp://HOST:8786"
        raise UsageError(f"--dask-address: {reason}") from error


@contextmanager
def _local_cluster(distributed: Any, workers: int) -> Iterator[str]:
    """The address of a scheduler in this process, with as many worker processes of one thread each.

    A terminal sends its signals to all processes of its session. This process handles them; the workers have
    a session of their own. Each has a nanny, which starts another if it dies.
    """
    import dask.config

    with scratch_folder() as folder, ExitStack() as undo:
        undo.enter_context(dask.config.set({"temporary-directory": str(folder)}))
        try:
            cluster = distributed.LocalCluster(
                n_workers=0,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL + 1,
            )
            address: str = undo.enter_context(cluster).scheduler_address
            process = _start_workers(address, workers, folder)
        except (OSError, RuntimeError) as error:
            raise WorkersRefusedError(str(error)) from error
        undo.callback(_end, process)
        while len(cluster.scheduler.workers) < workers:
            if process.poll() is not None:
                raise WorkersRefusedError("Dask's worker processes ended at once")
            time.sleep(0.05)
        yield address


def _start_workers(address: str, workers: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that starts the workers; files go to the folder, and words nowhere."""
    command = [sys.executable, "-m", "dask", "worker", address, "--host", "127.0.0.1", "--no-dashboard"]
    command += ["--nworkers", str(workers), "--nthreads", "1", "--memory-limit", "0"]
    command += ["--local-directory", str(folder), "--death-timeout", "30"]
    return subprocess.Popen(
        command,
        env={**os.environ, **WORKER_VARIABLES, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the processes that this one has started, too."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
