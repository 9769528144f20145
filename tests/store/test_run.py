"""A run's folder is taken over only from a process that has ended."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.lock import take_over_lock
from fnnctl.store.run import OpenRun, create_run, open_run
from tests.store.conftest import described


def start(runs_dir: Path) -> Path:
    """Start a run like a command; a function for threads and processes."""
    run = create_run(
        runs_dir, name="iris", kind="train", config=b"x: 1\n", resolved="x: 1\n", manifest={"seed": 7}
    )
    return run.path


def test_a_new_run_is_complete_when_it_appears(tmp_path: Path) -> None:
    config = b"# as given \xff\r\ndata: {source: iris}"
    before = datetime.now(UTC).isoformat()
    run = create_run(
        tmp_path / "deep" / "runs",
        name="Größe 1",
        kind="train",
        config=config,
        resolved="seed: 7\n",
        manifest={"seed": 7, "command": "fnnctl train"},
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-grosse-1-[0-9a-f]{6}", run.path.name)
    assert (run.path / "config.yaml").read_bytes() == config
    assert run.read_resolved() == b"seed: 7\n"
    manifest = run.read_manifest()
    assert (manifest.status, manifest.kind, manifest.name, manifest.seed) == (
        "running",
        "train",
        "Größe 1",
        7,
    )
    assert before[:19] <= manifest.started <= datetime.now(UTC).isoformat()
    assert list(run.path.parent.iterdir()) == [run.path]
    assert run.is_alive()


def test_fifty_threads_at_once_get_fifty_folders(tmp_path: Path) -> None:
    together = threading.Barrier(50)

    def start_together(_: int) -> Path:
        together.wait()
        return start(tmp_path)

    with ThreadPoolExecutor(50) as pool:
        paths = list(pool.map(start_together, range(50)))
    assert len(set(paths)) == 50
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_fifty_starts_in_processes_get_fifty_folders(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        paths = list(pool.map(start, [tmp_path] * 50))
    assert len(set(paths)) == 50
    assert all(RunFolder(path).read_manifest().seed == 7 for path in paths)


def test_a_name_that_is_taken_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = iter(["same", "same", "other"])
    monkeypatch.setattr("fnnctl.store.names.run_folder_name", lambda *_: next(folders))
    assert start(tmp_path).name == "same"
    assert start(tmp_path).name == "other"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_start_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, after: int
) -> None:
    replace, calls = Path.replace, iter(range(10))

    def refuse_later(self: Path, target: Path) -> Path:
        if next(calls) < after:
            return replace(self, target)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", refuse_later)
    with pytest.raises(MachineError, match=os.strerror(number)):
        start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_cannot_be_renamed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(MachineError, match="Read-only file system; write elsewhere"):
        start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_runs_folder_survives_a_power_cut(synced: list[int], tmp_path: Path) -> None:
    """With the folders around it."""
    run = create_run(tmp_path / "a" / "runs", name="x", kind="train", manifest={"seed": 0})
    folders = (tmp_path, tmp_path / "a", tmp_path / "a" / "runs", run.path)
    assert {folder.stat().st_ino for folder in folders} <= {*synced}
    run.let_go()


@pytest.mark.parametrize("runs_dir", ["file", "file/below"])
def test_a_runs_folder_that_is_a_file_is_a_usage_error(tmp_path: Path, runs_dir: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="it is not a folder"):
        start(tmp_path / runs_dir)


def test_metrics_round_trip(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    metrics = {"test": {"accuracy": 0.1 + 0.2, "per_class": {name: {"f1": None} for name in hostile_classes}}}
    run.write_metrics(metrics)
    assert run.read_metrics() == metrics


def test_history_round_trip(run: OpenRun) -> None:
    run.write_table(
        names.HISTORY, ("epoch", "train_loss", "validation_loss"), [(1, 1 / 3, None), (2, float("inf"), 0.5)]
    )
    assert run.read_history() == {
        "epoch": [1, 2],
        "train_loss": [1 / 3, float("inf")],
        "validation_loss": [None, 0.5],
    }


def test_an_empty_history_has_its_columns(run: OpenRun) -> None:
    run.write_table(names.HISTORY, ("epoch", "train_loss"), [])
    assert run.read_history() == {"epoch": [], "train_loss": []}


def test_model_round_trip(run: OpenRun) -> None:
    arrays = {"weights_1": np.ones((2, 3), np.float32), "bias_1": np.zeros(3, np.float32)}
    run.write_model(arrays, described())
    model = run.read_model()
    assert model.description["classes"] == ["a", "b"]
    assert model.sha256 == hashlib.sha256((run.path / "model.npz").read_bytes()).hexdigest()
    assert list(model.arrays) == ["weights_1", "bias_1"]
    np.testing.assert_array_equal(model.arrays["weights_1"], arrays["weights_1"])


def test_a_model_is_described_further(run: OpenRun) -> None:
    with pytest.raises(MachineError, match=r"model\.json is gone: the run folder was deleted"):
        run.describe_model({"temperature": 1.5})
    run.write_model({"w": np.zeros(3)}, {"classes": ["a"], "temperature": None})
    before = json.loads((run.path / "model.json").read_text())
    run.describe_model({"temperature": 1.5})
    assert json.loads((run.path / "model.json").read_text()) == {**before, "temperature": 1.5}


def test_equal_weights_give_equal_files(start_run: Callable[[str], OpenRun]) -> None:
    first, second = start_run("a"), start_run("b")
    for run in (first, second):
        run.write_model({"w": np.arange(5.0)}, described())
    for name in ("model.npz", "model.json"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


def test_log_lines_have_the_time_and_no_escape_codes(run: OpenRun) -> None:
    run.log("training \x1b[31m[/]\x1b[0m")
    run.log("Traceback:\n  line 1")
    lines = (run.path / "log.txt").read_text().splitlines()
    assert [re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ", "", line) for line in lines] == [
        "training [31m[/][0m",
        "Traceback:",
        "  line 1",
    ]


def test_a_log_that_cannot_be_written_ends_nothing(run: OpenRun, tmp_path: Path) -> None:
    (run.path / "log.txt").symlink_to(tmp_path / "outside.txt")
    run.log("lost")
    assert not (tmp_path / "outside.txt").exists()


def test_finish_completes_the_manifest_and_frees_the_lock(run: OpenRun) -> None:
    run.record({"training": {"epochs": 12, "best_epoch": 9, "stopped": "no better validation_loss"}})
    assert run.read_manifest().status == "running"
    run.finish(
        "completed", {"total": 1.5, "training": 1.0}, {"warnings": ["column 'id' looks like a row id"]}
    )
    manifest = RunFolder(run.path).read_manifest()
    assert manifest.status == "completed"
    assert (manifest.seconds.total, manifest.seconds.training) == (1.5, 1.0)
    assert manifest.training is not None
    assert manifest.training.best_epoch == 9
    assert manifest.warnings == ["column 'id' looks like a row id"]
    assert manifest.seed == 0
    assert manifest.finished is not None
    assert manifest.finished > manifest.started
    assert not run.is_alive()


def test_finish_frees_the_lock_also_where_nothing_can_be_written(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(MachineError):
        run.finish("completed", {"total": 1.5, "training": 1.0})
    assert not run.is_alive()


def test_checkpoint_round_trip(run: OpenRun) -> None:
    assert run.read_checkpoint() is None
    run.write_checkpoint({"epoch": np.array(3)})
    run.write_checkpoint({"epoch": np.array(4), "stack.network.parameters": np.ones((1, 5), np.float32)})
    arrays = run.read_checkpoint()
    assert arrays is not None
    assert list(arrays) == ["epoch", "stack.network.parameters"]
    assert int(arrays["epoch"]) == 4
    assert arrays["stack.network.parameters"].dtype == np.float32
    assert ".checkpoint.npz" not in run.files()
    path = run.path / ".checkpoint.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"checkpoint\.npz: is damaged"):
        run.read_checkpoint()


@pytest.mark.parametrize("status", ["completed", "failed", "interrupted"])
def test_only_a_complete_run_needs_no_checkpoint(
    run: OpenRun, status: Literal["completed", "failed", "interrupted"]
) -> None:
    run.write_checkpoint({"epoch": np.array(3)})
    run.finish(status, {"total": 1.5, "training": 1.0})
    assert (run.read_checkpoint() is None) == (status == "completed")


KILLED_AT_THE_END = """
import os, signal, sys
from itertools import count
from pathlib import Path
import numpy as np
from fnnctl.store.run import create_run

def kill_before(owner, name, calls, moment):
    original = getattr(owner, name)
    def wrapped(*arguments, **options):
        if next(calls) == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)
    setattr(owner, name, wrapped)

for moment in range(100):
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
    else:
        run = create_run(Path(sys.argv[1]), name="x", kind="train", config=b"", resolved="", manifest={})
        run.write_checkpoint({"epoch": np.array(3)})
        print(run.path, flush=True)
        calls = count()
        for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync"), (os, "close")):
            kill_before(owner, name, calls, moment)
        run.finish("completed", {"total": 1.5, "training": 1.0})
        os._exit(0)
else:
    sys.exit("no run came to its end")
"""
"""Ends runs in child processes; each is killed before a later one of the calls that change files."""


def test_no_kill_leaves_a_checkpoint_in_a_complete_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_THE_END, str(tmp_path)], capture_output=True, text=True, check=True
    )
    runs = [RunFolder(Path(line)) for line in done.stdout.splitlines()]
    ends = {(run.read_manifest().status, run.read_checkpoint() is not None) for run in runs}
    assert len(runs) > 4
    assert ends == {("running", True), ("running", False), ("completed", False)}


def test_a_full_disk_at_the_end_leaves_the_checkpoint(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run.write_checkpoint({"epoch": np.array(3)})
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError):
        run.finish("completed", {"total": 1.5, "training": 1.0})
    assert run.read_manifest().status == "running"
    assert run.read_checkpoint() is not None


KILLED_RUN = """
import sys
from pathlib import Path
from fnnctl.store.run import create_run
run = create_run(Path(sys.argv[1]), name="x", kind="train", config=b"", resolved="", manifest={})
print(run.path, flush=True)
while True:
    run.write_metrics({"test": {"per_class": {str(n): {"f1": 0.5} for n in range(3000)}}})
"""


def test_a_killed_run_is_whole_and_not_alive(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        run = RunFolder(Path(process.stdout.readline().decode().strip()))
        while run.read_metrics() is None:
            pass
        assert run.is_alive()
        process.send_signal(signal.SIGKILL)
    assert run.read_manifest().status == "running"
    assert not run.is_alive()
    metrics = run.read_metrics()
    assert metrics is not None
    assert len(metrics["test"]["per_class"]) == 3000


@pytest.mark.parametrize("moment", range(4))
def test_a_start_killed_half_way_is_not_seen(tmp_path: Path, moment: int) -> None:
    killed = f"""
import os, signal, sys
from pathlib import Path
from fnnctl.store import atomic, run
calls = iter(range(10))
def kill_at(module, name):
    original = getattr(module, name)
    def wrapped(*arguments, **options):
        if next(calls) == {moment}:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)
    setattr(module, name, wrapped)
kill_at(atomic, "_replace")  # of each file
kill_at(run, "_appear")
run.create_run(Path(sys.argv[1]), name="x", kind="train", config=b"", resolved="", manifest={{}})
"""
    assert subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False).returncode == -9
    assert all(path.name.startswith(".new-") for path in tmp_path.iterdir())


def test_open_run_takes_over_what_was_left(run: OpenRun) -> None:
    for name in (".model.npz.0123abcd.tmp", ".manifest.json.4567ef01.tmp"):
        (run.path / name).write_bytes(b"half")
    run.finish("interrupted", {"total": 1.5, "training": 1.0})
    opened = open_run(RunFolder(run.path))
    assert opened is not None
    assert opened.is_alive()
    assert opened.read_manifest().status == "interrupted"
    assert sorted(path.name for path in run.path.iterdir()) == [
        ".lock",
        "config.yaml",
        "manifest.json",
        "resolved.yaml",
    ]
    opened.let_go()
    assert not RunFolder(run.path).is_alive()


def test_open_run_leaves_a_living_run_alone(run: OpenRun) -> None:
    (run.path / ".model.npz.0123abcd.tmp").write_bytes(b"half")
    with pytest.raises(
        UsageError, match=f"is still running in process {os.getpid()}: wait for it, or stop it"
    ):
        open_run(RunFolder(run.path))
    assert (run.path / ".model.npz.0123abcd.tmp").exists()


def test_open_run_leaves_a_complete_run_alone(run: OpenRun) -> None:
    run.finish("completed", {"total": 1.5, "training": 1.0})
    before = {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()}
    assert open_run(RunFolder(run.path)) is None
    assert {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()} == before


def test_open_run_finds_a_run_that_ends_meanwhile(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process ends between the first reading of the manifest and the lock."""

    def end_first(path: Path) -> int:
        run.finish("completed", {"total": 1.5, "training": 1.0})
        return take_over_lock(path)

    monkeypatch.setattr("fnnctl.store.run.take_over_lock", end_first)
    assert open_run(RunFolder(run.path)) is None
    assert not run.is_alive()


def test_open_run_reports_a_folder_that_cannot_be_written(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.finish("interrupted", {"total": 1.5, "training": 1.0})

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("fnnctl.store.run.take_over_lock", refuse)
    with pytest.raises(MachineError, match="cannot be written: Permission denied"):
        open_run(RunFolder(run.path))
