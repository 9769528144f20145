"""`fnnctl search --executor dask`: the same journal as one process writes, whatever happens to workers."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fnnctl.data.builtin import builtin_path
from fnnctl.stacks import trial_runner
from tests.commands import killing
from tests.commands.extending import timeline
from tests.commands.searching import assert_same_search, of_kind, resume, search, write_config
from tests.executors.clusters import DaskCluster, dask_cluster
from tests.program import Program

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
    monkeypatch.setattr(trial_runner, "train_item", killing.killed_once)
    folder = search(config, "--executor", "dask", "--dask-address", cluster.address)
    assert (config.parent / "killed").exists()
    assert sorted(worker.poll() or 0 for worker in cluster.workers) == [-signal.SIGKILL, 0]
    assert (folder / "journal.jsonl").read_bytes() == (undisturbed / "journal.jsonl").read_bytes()
    assert_same_search(folder, undisturbed)
    workers = {event["worker"] for event in timeline(folder) if "worker" in event}
    assert len(workers) == 2


def test_a_search_goes_on_with_workers_of_this_machine(config: Path) -> None:
    pytest.importorskip("distributed")
    undisturbed = search(config, "--executor", "serial")
    folder = search(config, "--executor", "serial", "--time-limit", "1e-9", code=4)
    assert resume(folder, "--executor", "dask", "--workers", "2") == 0
    assert {"workers": 2, "executor": "dask"} in [each["changes"] for each in of_kind(folder, "resume")]
    assert_same_search(folder, undisturbed)


def test_wrong_addresses_end_with_2_and_leave_no_folder(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("fnnctl.executors.dask.SECONDS_TO_CONNECT", 1)
    for arguments, message in (
        (["--dask-address", "tcp://127.0.0.1:9"], "--dask-address needs --executor dask"),
        (
            ["--executor", "dask", "--dask-address", "tcp://127.0.0.1:9"],
            "--dask-address: no Dask scheduler answers at tcp://127.0.0.1:9 within 1 second",
        ),
        (
            ["--executor", "dask", "--dask-address", "tcp://"],
            "--dask-address: 'tcp://' is not the address of a Dask scheduler, such as tcp://HOST:8786",
        ),
    ):
        done = program("search", str(config), *arguments)
        assert (done.code, done.out, done.err) == (2, "", f"{message}\n")
    assert not (config.parent / "runs").exists()
