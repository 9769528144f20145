"""A run's folder is taken over only from a process that has ended."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
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
from tests.store.faults import failing

SECONDS = {"total": 1.5, "training": 1.0}


def start(runs_dir: Path) -> Path:
    return create_run(runs_dir, name="iris", kind="train", config=b"x: 1\n", manifest={"seed": 7}).path


def test_a_new_run_is_complete_when_it_appears(synced: list[int], tmp_path: Path) -> None:
    """And its folders survive a power cut."""
    config = b"# as given \xff\r\ndata: {source: iris}"
    before = datetime.now(UTC).isoformat()
    run = create_run(
        tmp_path / "deep" / "runs",
        name="Größe 1",
        kind="train",
        config=config,
        bases={"base.yaml": b"seed: 1\n"},
        resolved="seed: 7\n",
        default="seed: 8\n",
        manifest={"seed": 7, "command": "fnnctl train"},
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-grosse-1-[0-9a-f]{6}", run.path.name)
    assert (run.path / "config.yaml").read_bytes() == config
    assert (run.read_resolved(), run.read_default_config()) == (b"seed: 7\n", b"seed: 8\n")
    assert run.read_bases() == {"base.yaml": b"seed: 1\n"}
    manifest = run.read_manifest()
    facts = (manifest.status, manifest.kind, manifest.name, manifest.seed)
    assert facts == ("running", "train", "Größe 1", 7)
    assert before[:19] <= manifest.started <= datetime.now(UTC).isoformat()
    assert list(run.path.parent.iterdir()) == [run.path]
    assert run.is_alive()
    folders = (tmp_path, tmp_path / "deep", run.path.parent, run.path)
    assert {folder.stat().st_ino for folder in folders} <= {*synced}


def test_a_name_that_is_taken_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = iter(["same", "same", "other"])
    monkeypatch.setattr("fnnctl.store.names.run_folder_name", lambda *_: next(folders))
    assert start(tmp_path).name == "same"
    assert start(tmp_path).name == "other"


def test_simultaneous_starts_get_a_folder_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is first tried by four of them."""
    together, numbers = threading.Barrier(20), count()
    monkeypatch.setattr("fnnctl.store.names.run_folder_name", lambda *_: f"run-{next(numbers) // 4}")

    def start_together(_: int) -> Path:
        together.wait()
        return start(tmp_path)

    with ThreadPoolExecutor(20) as pool:
        folders = list(pool.map(start_together, range(20)))
    assert len(set(folders)) == 20
    assert sorted(tmp_path.iterdir()) == sorted(folders)
    assert all(RunFolder(folder).read_manifest().seed == 7 for folder in folders)


@pytest.mark.parametrize(
    ("call", "calls_before", "failure"),
    [
        ("replace", 0, OSError(errno.ENOSPC, "No space left on device")),
        ("replace", 1, OSError(errno.EACCES, "Permission denied")),
        ("rename", 0, OSError(errno.EROFS, "Read-only file system")),
        ("rename", 0, KeyboardInterrupt("interrupted")),
    ],
    ids=["first file", "later file", "folder", "interruption"],
)
def test_a_start_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, calls_before: int, failure: BaseException
) -> None:
    original, calls = getattr(Path, call), count()

    def fail_later(path: Path, target: Path) -> Path:
        if next(calls) < calls_before:
            return Path(original(path, target))
        raise failure

    monkeypatch.setattr(Path, call, fail_later)
    with pytest.raises((MachineError, KeyboardInterrupt), match=str(failure.args[-1])):
        start(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("runs_dir", ["file", "file/below"])
def test_a_runs_folder_that_is_a_file_is_a_usage_error(tmp_path: Path, runs_dir: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="it is not a folder"):
        start(tmp_path / runs_dir)


def test_metrics_and_histories_are_read_back(run: OpenRun, hostile_classes: tuple[str, ...]) -> None:
    metrics = {"test": {"accuracy": 0.1 + 0.2, "per_class": {name: {"f1": None} for name in hostile_classes}}}
    run.write_metrics(metrics)
    assert run.read_metrics() == metrics
    columns = ("epoch", "train_loss", "validation_loss")
    for rows in ([(1, 1 / 3, None), (2, math.inf, 0.5)], []):
        run.write_table(names.HISTORY, columns, rows)
        assert run.read_history() == {name: [row[k] for row in rows] for k, name in enumerate(columns)}


def test_models_are_read_back_and_described_further(start_run: Callable[[str], OpenRun]) -> None:
    """Equal weights give equal files."""
    runs = [start_run("a"), start_run("b")]
    arrays = {"weights_1": np.ones((2, 3), np.float32), "bias_1": np.zeros(3, np.float32)}
    with pytest.raises(MachineError, match=r"model\.json is gone: the run folder was deleted"):
        runs[0].describe_model({"temperature": 1.5})
    for run in runs:
        run.write_model(arrays, described(temperature=None))
    for name in ("model.npz", "model.json"):
        assert len({(run.path / name).read_bytes() for run in runs}) == 1
    model = runs[0].read_model()
    assert model.sha256 == hashlib.sha256((runs[0].path / "model.npz").read_bytes()).hexdigest()
    assert list(model.arrays) == ["weights_1", "bias_1"]
    np.testing.assert_array_equal(model.arrays["weights_1"], arrays["weights_1"])
    runs[0].describe_model({"temperature": 1.5})
    assert runs[0].read_model().description == {**model.description, "temperature": 1.5}


def test_log_lines_have_the_time_and_no_escape_codes(run: OpenRun, tmp_path: Path) -> None:
    """A log that cannot be written ends nothing."""
    run.log("training \x1b[31m[/]\x1b[0m")
    run.log("Traceback:\n  line 1")
    lines = (run.path / "log.txt").read_text().splitlines()
    times, texts = [line[:27] for line in lines], [line[28:] for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time) for time in times)
    assert texts == ["training [31m[/][0m", "Traceback:", "  line 1"]
    (run.path / "log.txt").unlink()
    (run.path / "log.txt").symlink_to(tmp_path / "outside.txt")
    run.log("lost")
    assert not (tmp_path / "outside.txt").exists()


def test_facts_that_are_recorded_already_are_not_written_again(run: OpenRun) -> None:
    def written(facts: dict[str, list[str]]) -> bool:
        before = (run.path / "manifest.json").stat().st_ino
        run.record(facts)
        return (run.path / "manifest.json").stat().st_ino != before

    facts = {"warnings": ["column 'id' looks like a row id"]}
    assert [written(facts), written(facts), written({"warnings": []})] == [True, False, True]


def test_finish_completes_the_manifest_and_frees_the_lock(run: OpenRun) -> None:
    run.record({"training": {"epochs": 12, "best_epoch": 9, "stopped": "no better validation_loss"}})
    assert run.read_manifest().status == "running"
    run.finish("completed", SECONDS, {"warnings": ["column 'id' looks like a row id"]})
    manifest = RunFolder(run.path).read_manifest()
    assert manifest.training is not None
    assert (manifest.status, manifest.seed, manifest.training.best_epoch) == ("completed", 0, 9)
    assert (manifest.seconds.total, manifest.seconds.training) == (1.5, 1.0)
    assert manifest.warnings == ["column 'id' looks like a row id"]
    assert manifest.finished is not None
    assert manifest.finished > manifest.started
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
    run.finish(status, SECONDS)
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


def test_a_full_disk_at_the_end_leaves_the_checkpoint_and_frees_the_lock(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write_checkpoint({"epoch": np.array(3)})
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(MachineError):
        run.finish("completed", SECONDS)
    assert run.read_manifest().status == "running"
    assert run.read_checkpoint() is not None
    assert not run.is_alive()


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
    temporary = [run.path / name for name in (".model.npz.0123abcd.tmp", ".manifest.json.4567ef01.tmp")]
    for path in temporary:
        path.write_bytes(b"half")
    with pytest.raises(UsageError, match=f"is still running in process {os.getpid()}: wait for it, or stop"):
        open_run(RunFolder(run.path))
    assert all(path.exists() for path in temporary)
    run.finish("interrupted", SECONDS)
    opened = open_run(RunFolder(run.path))
    assert opened is not None
    assert opened.is_alive()
    assert opened.read_manifest().status == "interrupted"
    assert not any(path.exists() for path in temporary)
    opened.let_go()
    assert not RunFolder(run.path).is_alive()


def test_open_run_leaves_a_complete_run_alone(run: OpenRun) -> None:
    run.finish("completed", SECONDS)
    before = {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()}
    assert open_run(RunFolder(run.path)) is None
    assert {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()} == before


def test_open_run_finds_a_run_that_ends_meanwhile(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process ends between the first reading of the manifest and the lock."""

    def end_first(path: Path) -> int:
        run.finish("completed", SECONDS)
        return take_over_lock(path)

    monkeypatch.setattr("fnnctl.store.run.take_over_lock", end_first)
    assert open_run(RunFolder(run.path)) is None
    assert not run.is_alive()


def test_open_run_reports_a_folder_it_cannot_write(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run.finish("interrupted", SECONDS)
    monkeypatch.setattr("fnnctl.store.run.take_over_lock", failing(errno.EACCES))
    with pytest.raises(MachineError, match="cannot be written: Permission denied"):
        open_run(RunFolder(run.path))


def test_a_run_that_cannot_be_cleared_up_is_let_go(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one with the winner of a former search, whose name cannot be given back to it."""
    run.finish("interrupted", SECONDS)
    (run.path / ".former-best").mkdir()
    with monkeypatch.context() as broken:
        broken.setattr("pathlib.Path.rename", failing(errno.EIO))
        with pytest.raises(MachineError, match="cannot be written: Input/output error"):
            open_run(RunFolder(run.path))
    opened = open_run(RunFolder(run.path))
    assert opened is not None
    opened.let_go()
    assert (run.path / "best").exists()


def test_the_run_with_the_default_settings_appears_when_it_is_complete(run: OpenRun) -> None:
    (run.path / names.NEXT_DEFAULT).mkdir()
    run.keep_default()
    assert (run.path / names.DEFAULT).is_dir()
    assert not (run.path / names.NEXT_DEFAULT).exists()
    with pytest.raises(MachineError, match=f"{names.DEFAULT} cannot be written: No such file"):
        run.keep_default()
