"""`fnnctl search --executor dask`: the same journal as one process writes, whatever happens to workers."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fnnctl.data.builtin import builtin_path
from fnnctl.executors.dask import SECONDS_UNTIL_LOST
from fnnctl.executors.protocols import ClusterLostError
from fnnctl.executors.serial import SerialExecutor
from fnnctl.runs import search as search_module
from fnnctl.runs.confirmation import confirm_leaders
from fnnctl.trials import stack_runner
from tests.executors.clusters import DaskCluster, dask_cluster, end
from tests.messages import Messages
from tests.program import Program, assert_same_files, read_json
from tests.runs import killing
from tests.runs.extending import timeline
from tests.runs.searching import (
    OFTEN_NOTED,
    assert_same_search,
    of_kind,
    resume,
    search,
    trained_epochs,
    write_config,
)
from tests.waiting import DEADLINE, await_true

pytestmark = pytest.mark.extra


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path / "cluster") as cluster:
        yield cluster


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Its data are a file of the folder, beside which a killed worker leaves a mark."""
    with builtin_path("iris") as path:
        shutil.copy(path, tmp_path / "iris.csv")
    target = (tmp_path / "iris.csv").read_text().splitlines()[0].split(",")[-1]
    return write_config(tmp_path / "x.yaml", data={"source": "iris.csv", "target": target})


def test_a_killed_worker_changes_nothing(
    cluster: DaskCluster, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = search(config, "--executor", "serial")
    monkeypatch.setattr(stack_runner, "train_item", killing.killed_once)
    folder = search(config, "--executor", "dask", "--dask-address", cluster.address)
    assert sorted(worker.poll() or 0 for worker in cluster.workers) == [-signal.SIGKILL, 0]
    assert_same_files(folder, undisturbed, "journal.jsonl")
    assert_same_search(folder, undisturbed)
    assert len({event["worker"] for event in timeline(folder) if "worker" in event}) == 2


def test_a_suspended_worker_changes_nothing(
    cluster: DaskCluster, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one does its item."""
    monkeypatch.setattr("fnnctl.executors.cluster.SECONDS_TO_REPORT", 2)
    monkeypatch.setattr("fnnctl.executors.dask.SECONDS_TO_ANSWER", 1)
    undisturbed = search(config, "--executor", "serial")
    monkeypatch.setattr(stack_runner, "train_item", killing.suspended_once)
    folder = search(config, "--executor", "dask", "--dask-address", cluster.address)
    assert_same_files(folder, undisturbed, "journal.jsonl")
    warnings = read_json(folder / "manifest.json")["warnings"]
    assert any("has not worked on its item for 2 seconds" in warning for warning in warnings)


def test_a_signal_while_a_worker_is_suspended(cluster: DaskCluster, config: Path) -> None:
    runs = config.parent / "runs"
    command = [*OFTEN_NOTED, "search", str(config), "--runs-dir", str(runs)]
    command += ["--set", "search.budget={max_epochs: 1000000}", "--method", "random"]
    command += ["--executor", "dask", "--dask-address", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        await_true(lambda: trained_epochs(runs))
        cluster.workers[0].send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        signalled = time.monotonic()
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - signalled < SECONDS_UNTIL_LOST / 2  # 4 seconds on an idle machine
    (folder,) = runs.glob("[!.]*")
    assert err.decode().splitlines()[-1] == f"fnnctl search --resume {folder}"
    assert read_json(folder / "manifest.json")["status"] == "interrupted"


def test_a_time_limit_ends_a_search_whose_cluster_does_not_answer(
    cluster: DaskCluster, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_runner, "train_item", killing.suspended_once)
    cluster.workers[1].kill()
    folder = search(config, "--executor", "dask", "--dask-address", cluster.address, "--time-limit", "8")
    assert (config.parent / "suspended").exists()
    assert of_kind(folder, "end")[-1]["reason"] == "the time limit"
    assert (folder / "best" / "model.npz").exists()


def test_a_scheduler_that_is_gone_before_the_confirmation(
    cluster: DaskCluster, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the command that continues the search, which needs no cluster."""

    def confirm_without_scheduler(*arguments: Any, **settings: Any) -> None:
        end([*cluster.workers, cluster.scheduler])
        confirm_leaders(*arguments, **settings)

    monkeypatch.setattr("fnnctl.executors.dask.SECONDS_TO_CONNECT", 1)
    monkeypatch.setattr(search_module, "confirm_leaders", confirm_without_scheduler)
    confirms = ["--set", "search.confirm={top: 2, seeds: 2}"]
    folder = search(config, *confirms, "--executor", "dask", "--dask-address", cluster.address, code=3)
    first, last = capsys.readouterr().err.splitlines()
    assert f"no Dask scheduler answers at {cluster.address}" in first
    assert first.endswith(f"; the work so far is in {folder}. To continue, run:")
    assert last == f"fnnctl search --resume {folder}"
    monkeypatch.setattr(search_module, "confirm_leaders", confirm_leaders)
    assert resume(folder) == 0
    assert len(of_kind(folder, "confirmed")) == 4


def test_a_scheduler_that_is_gone_during_the_search(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose_cluster(*arguments: Any) -> None:
        raise ClusterLostError("tcp://here:1")

    monkeypatch.setattr(SerialExecutor, "submit", lose_cluster)
    folder = search(config, "--executor", "serial", code=3)
    assert capsys.readouterr().err.splitlines() == [
        "the connection to the Dask scheduler at tcp://here:1 is lost; "
        f"the work so far is in {folder}. To continue, run:",
        f"fnnctl search --resume {folder}",
    ]


def test_a_search_goes_on_with_workers_of_this_machine(config: Path) -> None:
    pytest.importorskip("distributed")
    folder = search(config, "--executor", "serial", "--time-limit", "1e-9", code=4)
    assert resume(folder, "--executor", "dask", "--workers", "2") == 0
    changes = [record["changes"] for record in of_kind(folder, "resume")]
    assert {"workers": 2, "executor": "dask"} in changes
    assert_same_search(folder, search(config, "--executor", "serial"))


@pytest.mark.parametrize(
    "words",
    [
        "--dask-address tcp://127.0.0.1:9",
        "--executor dask --dask-address tcp://127.0.0.1:9",
        "--executor dask --dask-address tcp://",
    ],
    ids=["no executor", "nobody answers", "no address"],
)
def test_wrong_addresses_end_with_2_and_leave_no_folder(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages, words: str
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("fnnctl.executors.dask.SECONDS_TO_CONNECT", 1)
    done = program("search", str(config), *words.split())
    assert (done.code, done.out) == (2, "")
    messages.check(done.err)
    assert not (config.parent / "runs").exists()
