"""Dask: a real scheduler and workers, which join, die and differ."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl.errors import MachineError, UsageError
from fnnctl.executors import cluster, dask
from fnnctl.executors.dask import SECONDS_UNTIL_LOST, DaskConnection, DaskExecutor, check_dask
from fnnctl.executors.protocols import ClusterOptions
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.messages import Message, sentences
from fnnctl.text import install_command
from tests.executors import tasks
from tests.executors.clusters import ROOT, DaskCluster, dask_cluster, end
from tests.waiting import DEADLINE, await_true

extra = pytest.mark.extra


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Two workers, which no test kills."""
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """Two workers for a test that kills them or adds others."""
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path / "cluster") as started:
        yield started


def joined(dask_workers: DaskCluster, count: int, **options: Any) -> DaskExecutor:
    """An executor that has seen this number of workers."""
    executor = DaskExecutor(sys.maxsize, tasks.never, ClusterOptions(dask_workers.address, **options))
    executor.submit(tasks.fails, 1).exception()
    await_true(lambda: executor.workers == count)
    return executor


@pytest.fixture
def kept_copies(shared_cluster: DaskCluster) -> Iterator[None]:
    """The cluster keeps copies that nobody needs yet: else it may delete one before an item comes."""
    import distributed

    with distributed.Client(shared_cluster.address, set_as_default=False) as client:
        client.amm.stop()
        yield
        client.amm.start()


@extra
@pytest.mark.usefixtures("kept_copies")
def test_each_worker_gets_a_shared_value_once(shared_cluster: DaskCluster, tmp_path: Path) -> None:
    workers = {worker.pid for worker in shared_cluster.workers}
    options = ClusterOptions(shared_cluster.address)
    with make_executor("dask", workers=2, poll=tasks.never, cluster=options) as executor:
        value = executor.share(tasks.Counted(str(tmp_path)))
        items = [(value, number) for number in range(12)]
        done = dict(run_work(executor, tasks.uses, items))
    assert {number: item for number, (item, _) in done.items()} == {number: number for number in range(12)}
    assert {pid for _, pid in done.values()} == workers
    for pid in workers:
        assert (tmp_path / f"received-{pid}").read_text() == "."
    assert (tmp_path / f"sent-{os.getpid()}").read_text() == "."


@extra
def test_an_item_can_write_its_arrays_and_has_one_blas_thread(shared_cluster: DaskCluster) -> None:
    options = ClusterOptions(shared_cluster.address)
    with make_executor("dask", workers=2, poll=tasks.never, cluster=options) as executor:
        assert executor.submit(tasks.writes_into, np.zeros(100_000)).result() == 100_000
        threads, *_ = executor.submit(tasks.surroundings).result()
    assert threads == 1


@extra
def test_what_kills_its_worker_runs_again_alone_and_once(own_cluster: DaskCluster, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    executor = joined(own_cluster, 2)
    items = [(str(marks), number) for number in range(4)]
    done = dict(run_work(executor, tasks.killed_in_company, items))
    assert sorted(done) == [0, 1, 2, 3]
    assert done[1] == 0
    own_cluster.add_worker()
    await_true(lambda: executor.workers == 2)
    assert dict(run_work(executor, tasks.killed, [(1,)], on_killed=lambda index, error: -1)) == {0: -1}
    executor.shutdown()
    assert [worker.wait(DEADLINE) for worker in own_cluster.workers] == [-signal.SIGKILL] * 3


@extra
def test_a_worker_that_joins_gets_the_values_even_when_all_others_are_dead(own_cluster: DaskCluster) -> None:
    messages: list[Message] = []
    options = ClusterOptions(own_cluster.address, messages.append)
    with make_executor("dask", workers=sys.maxsize, poll=tasks.never, cluster=options) as executor:
        value = executor.share(7)
        assert executor.submit(tasks.times, value, 2).result() == 14
        await_true(lambda: executor.workers == 2)
        own_cluster.add_worker()
        await_true(lambda: executor.workers == 3)
        for worker in own_cluster.workers:
            worker.kill()
            worker.wait()
        future = executor.submit(tasks.times, value, 3)
        await_true(lambda: executor.poll() or bool(messages) or future.done())
        if future.done():  # it was sent to a worker before its death was known
            future = executor.submit(tasks.times, value, 3)
            await_true(lambda: executor.poll() or bool(messages))
        assert sentences(messages) == ["no worker is left: waiting for another one"]
        own_cluster.add_worker()
        assert future.result(60) == 21


@extra
def test_workers_that_differ_are_told_of(own_cluster: DaskCluster) -> None:
    """Those of another version or with other code are refused; another processor is only recorded."""
    messages: list[Message] = []
    events: list[Mapping[str, Any]] = []
    executor = joined(own_cluster, 2, warn=messages.append, on_worker=events.append)
    code = "from fnnctl.executors import admission\nvars(admission).pop('sources_digest', None)\n"
    older = "from fnnctl.store import provenance\nprovenance.processor_model = lambda: 'an older one'\n"
    for preload in ("import fnnctl\nfnnctl.__version__ = '0.0.9'\n", code, older, older):
        own_cluster.add_worker(preload=preload)
    await_true(lambda: executor.poll() or (executor.workers == 4 and len(messages) == 3))
    executor.shutdown()
    texts = sentences(messages)
    for reason in (
        f"gets no work: it has fnnctl 0.0.9, not {fnnctl.__version__}",
        f"gets no work: its fnnctl {fnnctl.__version__} has other code; install the same",
        "the processor is an older one, here ",
    ):
        assert sum(reason in text for text in texts) == 1
    assert sum(text.startswith("worker tcp://") for text in texts) == 2
    assert len({event["worker"] for event in events}) == 4
    assert [event["processor"] for event in events].count("an older one") == 2


def pause_one(executor: DaskExecutor) -> int:
    """Pause a worker that the executor takes to be running, and return its process id."""
    (worker, *_), _ = executor.connection.threads()
    (pid,) = executor.connection.call(tasks.pause, workers=[worker]).values()
    return int(pid)


@pytest.fixture
def unknown_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors do not see in time that a worker is paused."""
    threads = DaskConnection.threads

    def without_pauses(connection: DaskConnection) -> tuple[Mapping[str, int], Mapping[str, int]]:
        alive, _ = threads(connection)
        return alive, alive

    monkeypatch.setattr(DaskConnection, "threads", without_pauses)


@extra
def test_suspended_workers_block_nothing(own_cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are placed on the third worker, which does the item."""
    monkeypatch.setattr(cluster, "SECONDS_TO_REPORT", 1)
    monkeypatch.setattr(dask, "SECONDS_TO_ANSWER", 0.3)
    own_cluster.add_worker()
    executor = DaskExecutor(3, tasks.never, ClusterOptions(own_cluster.address))
    future = executor.submit(tasks.until_stopped, executor.share(7))
    await_true(lambda: [item.has_begun for item in executor._items.running()] == [True])
    (item,) = executor._items.running()
    workers, _ = executor.connection.threads()
    pids = executor.connection.call(os.getpid, workers=[*workers])
    *suspended, awake = sorted(pids, key=lambda worker: worker != item.worker)
    for worker in suspended:
        os.kill(pids[worker], signal.SIGSTOP)
    await_true(lambda: item.worker == awake and item.has_begun)
    executor.shutdown()
    assert future.result() == 7


@extra
@pytest.mark.parametrize(
    "trouble",
    ["paused worker", "killed worker", "killed scheduler", "all suspended"],
)
def test_a_stop_waits_for_nobody(
    trouble: str, own_cluster: DaskCluster, unknown_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_STOP", 0.5)
    scheduler, (worker, _) = own_cluster.scheduler, own_cluster.workers
    troubled = {
        "killed worker": [worker],
        "killed scheduler": [scheduler],
        "all suspended": [scheduler, *own_cluster.workers],
    }.get(trouble, [])
    stopped_at = math.inf

    def poll(done: int) -> bool:
        nonlocal stopped_at
        if done < (2 if troubled else 1):
            return False
        for process in troubled:
            process.send_signal(signal.SIGKILL if "killed" in trouble else signal.SIGSTOP)
        stopped_at = time.monotonic()
        return True

    executor = DaskExecutor(sys.maxsize, poll, ClusterOptions(own_cluster.address))
    if not troubled:
        pause_one(executor)
    done = dict(run_work(executor, tasks.until_stopped, [(1,), (2,)], on_killed=lambda index, error: -1))
    executor.shutdown()
    assert time.monotonic() - stopped_at < SECONDS_UNTIL_LOST / 2  # 5 seconds on an idle machine
    assert -1 not in done.values()


@extra
def test_the_end_of_the_scheduler_is_an_error(own_cluster: DaskCluster) -> None:
    executor = DaskExecutor(1, tasks.never, ClusterOptions(own_cluster.address))
    future = executor.submit(tasks.tell_and_wait)
    await_true(future.running)
    end([own_cluster.scheduler])
    with pytest.raises(MachineError, match="connection to the Dask scheduler"):
        future.result(90)
    executor.shutdown()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that is no scheduler, such as a scheduler's own dashboard."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *arguments: None  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


@extra
def test_addresses_without_a_scheduler(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask, "SECONDS_TO_CONNECT", 0.5)
    for address, problem in (
        ("tcp://127.0.0.1:9", "no Dask scheduler answers at tcp:"),
        ("nowhere://x", "'nowhere://x' is not the address of a Dask scheduler"),
        (silent_server, "Dask scheduler"),
    ):
        with pytest.raises(UsageError, match=problem):
            check_dask(address)


@extra
def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("fnnctl.executors.admission.SECONDS_FOR_FIRST", 0.5)
    with dask_cluster(tmp_path / "cluster", workers=0) as empty:
        with pytest.raises(UsageError, match="the Dask scheduler has no workers"):
            check_dask(empty.address)
        empty.add_worker(preload="import fnnctl\nfnnctl.__version__ = '0.0.9'\n")
        monkeypatch.setattr("fnnctl.executors.admission.SECONDS_FOR_FIRST", 60)
        with pytest.raises(UsageError, match=r"gets no work: it has fnnctl 0\.0\.9"):
            check_dask(empty.address)


INSTALLS = f"needs Dask: {re.escape(install_command('distributed'))}$"


@pytest.mark.parametrize("address", [None, "tcp://127.0.0.1:9"])
def test_without_dask_the_message_says_how_to_install_it(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=INSTALLS):
        check_dask(address)


@extra
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_of_this_machine_leave_nothing(tmp_path: Path) -> None:
    """No process, no file, no word on standard error, although one is killed and a signal comes."""
    pytest.importorskip("distributed")
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()
    script = (
        "import os, signal, sys\n"
        "from fnnctl.executors.registry import make_executor; from fnnctl.executors.work import run_work\n"
        "from tests.executors import tasks; from tests.waiting import await_true\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)\n"
        "    def pids(name):\n"
        "        folder = os.path.join(sys.argv[1], name)\n"
        "        os.mkdir(folder)\n"
        "        items = [(folder, number, 2) for number in range(2)]\n"
        "        return {pid for _, pid in run_work(executor, tasks.meet, items)}\n"
        "    with make_executor('dask', workers=2, poll=lambda done: False) as executor:\n"
        "        before = pids('before')\n"
        "        os.killpg(0, signal.SIGINT)\n"
        "        print(len(before), pids('again') == before)\n"
        "        print(sorted(run_work(executor, tasks.killed_once, [(sys.argv[1], k) for k in range(3)])))\n"
        "        after = pids('after')\n"
        "    await_true(lambda: not any(os.path.exists(f'/proc/{pid}') for pid in before | after))\n"
        "    print('all have ended')\n"
    )
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path)],
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        start_new_session=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["2 True", "[(0, 0), (1, 1), (2, 2)]", "all have ended"]
    assert list((tmp_path / "here").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []
