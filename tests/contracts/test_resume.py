"""The contract of all runs that can be resumed: however one was interrupted, it ends like one undisturbed."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from fnnctl.cli import run as run_program
from fnnctl.errors import MachineError
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import open_run
from tests.contracts.resumable import KINDS, REASONS, Kind, only_run
from tests.program import PlanStacks, Program, assert_same_files, contents, read_json

pytestmark = [
    pytest.mark.usefixtures("no_figures", "keep_all", "one_fold_at_a_time"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork"),
]


@pytest.fixture
def one_fold_at_a_time(plan_stacks: PlanStacks) -> None:
    plan_stacks("serial", [[fold] for fold in range(12)])


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def undisturbed(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    words = [kind.command, str(kind.config(folder)), "--runs-dir", str(folder / "runs"), *kind.words]
    assert run_program([*words, *kind.more, "--quiet", "--no-figures"]) == 0
    return only_run(folder)


def before_calls(path: str, patch: pytest.MonkeyPatch, action: Callable[[int], object]) -> None:
    """Before each call of this function, call the action with the number of calls so far."""
    function, count = resolve_name(path), itertools.count()

    def call(*arguments: Any, **options: Any) -> Any:
        action(next(count))
        return function(*arguments, **options)

    patch.setattr(path, call)


def forked(words: Sequence[str]) -> int:
    """Run the program in a process of its own, and return the process's id at once."""
    process = os.fork()
    if not process:
        try:
            os._exit(run_program([*words, "--quiet"]))
        finally:
            os._exit(70)
    return process


def exit_code(process: int) -> int:
    """The process's exit code when it ends; that of a signal is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def killed_at(path: str, words: Sequence[str], *, call: int = 0) -> None:
    """Run the program in a process that is killed when it calls this function for another time."""

    def kill(count: int) -> None:
        if count == call:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        before_calls(path, patch, kill)
        assert exit_code(forked(words)) == -signal.SIGKILL


def interrupted(
    program: Program, kind: Kind, folder: Path, *, number: signal.Signals = signal.SIGTERM, **data: str
) -> Path:
    """A run that a signal interrupted when it had done some of its parts."""
    words = kind.started(folder, **data)

    def send(count: int) -> None:
        if count == kind.parts[-1]:
            signal.raise_signal(number)

    with pytest.MonkeyPatch.context() as patch:
        before_calls(kind.step, patch, send)
        done = program(*words)
    run = only_run(folder)
    assert done.code == 128 + number
    assert done.err.splitlines()[-1] == f"fnnctl {kind.command} --resume {run}"
    assert read_json(run / "manifest.json")["status"] == "interrupted"
    return run


def assert_same_results(kind: Kind, run: Path, undisturbed: Path) -> None:
    assert_same_files(run, undisturbed, *kind.results)
    assert read_json(run / "manifest.json")["status"] == "completed"
    assert [path.name for path in run.glob(".*")] == [".lock"]


def assert_refused(program: Program, kind: Kind, run: Path, *messages: str) -> None:
    before = contents(run)
    done = program(*kind.resumed(run))
    assert done.code == 2
    for message in messages:
        assert message in done.err
    assert contents(run) == before
    assert not RunFolder(run).is_alive()


def test_an_undisturbed_run_is_worth_comparing(undisturbed: Path) -> None:
    """Early stopping ended a training, so that its state matters."""
    manifest = read_json(undisturbed / "manifest.json")
    if manifest["kind"] == "train":
        assert manifest["training"]["stopped"] == "no better validation_loss for 9 epochs"
        assert 15 < manifest["training"]["epochs"] < 40


def test_a_signal(program: Program, kind: Kind, undisturbed: Path, tmp_path: Path) -> None:
    """The message can be pasted; nothing unfinished is left. The signal of the other tests is SIGTERM."""
    run = interrupted(program, kind, tmp_path, number=signal.SIGINT)
    assert read_json(run / "manifest.json")["error"]
    (run / ".model.npz.0123abcd.tmp").write_bytes(b"half")
    done = program(*kind.resumed(run))
    assert done.code == 0
    assert "the last digits may differ" not in done.err  # the machine is the same
    assert done.err.splitlines()[0].startswith("resuming ")
    assert done.err.splitlines()[0].endswith(str(run))
    assert_same_results(kind, run, undisturbed)
    manifest = read_json(run / "manifest.json")
    assert manifest["error"] is None
    assert len(manifest["resumed"]) == 1 + bool(kind.more)


def test_a_kill_before_each_part(kind: Kind, undisturbed: Path, tmp_path: Path) -> None:
    """One run is killed again and again, after some parts of its work."""
    words, done = kind.started(tmp_path), 0
    for part in kind.parts:
        killed_at(kind.step, words, call=part - done)
        run, done = only_run(tmp_path), part
        assert read_json(run / "manifest.json")["status"] == "running"
        words = kind.resumed(run)
    assert run_program(words) == 0
    assert_same_results(kind, run, undisturbed)


def test_a_kill_when_all_parts_are_done(kind: Kind, undisturbed: Path, tmp_path: Path) -> None:
    """One run is killed in each of the functions that end it."""
    words = kind.started(tmp_path)
    for path in kind.ending:
        killed_at(path, words)
        words = kind.resumed(only_run(tmp_path))
    assert run_program(words) == 0
    assert_same_results(kind, only_run(tmp_path), undisturbed)


def test_a_failure(
    program: Program, kind: Kind, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the end, but later it no longer is."""
    words = kind.started(tmp_path)

    def full_disk(*arguments: Any, **options: Any) -> None:
        raise MachineError("metrics.json cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(kind.ending[1], full_disk)
        assert program(*words).code == 3
    run = only_run(tmp_path)
    assert read_json(run / "manifest.json")["status"] == "failed"
    assert program(*kind.resumed(run)).code == 0
    assert_same_results(kind, run, undisturbed)


def test_kills_at_random_instants(kind: Kind, undisturbed: Path, tmp_path: Path) -> None:
    """One run is killed three times, each time a few parts later and at an arbitrary instant."""
    rng = random.Random(0)
    words = kind.started(tmp_path)
    for _ in range(3):
        process, code = forked(words), None
        states, most = {kept_now(kind, tmp_path)}, rng.randint(2, 4)
        while len(states) < most and code is None:
            states.add(kept_now(kind, tmp_path))
            time.sleep(0.001)
            ended, status = os.waitpid(process, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if ended else None
        time.sleep(rng.uniform(0.0, 0.02))
        if code is None:
            os.kill(process, signal.SIGKILL)
            code = exit_code(process)
        assert code in (0, -signal.SIGKILL)
        words = [*kind.resumed(only_run(tmp_path)), *kind.more]  # a kill may have preceded its record
    assert run_program(words) == 0
    assert_same_results(kind, only_run(tmp_path), undisturbed)


def kept_now(kind: Kind, folder: Path) -> frozenset[tuple[str, int, int]]:
    """What the only run keeps of its work; nothing if a file goes while it is looked at."""
    try:
        files = [(path.name, path.stat()) for path in folder.glob(f"runs/[!.]*/{kind.kept}")]
    except FileNotFoundError:
        return frozenset()
    return frozenset((name, stat.st_size, stat.st_mtime_ns) for name, stat in files)


def test_a_file_that_cannot_be_used_is_made_again(
    program: Program, kind: Kind, undisturbed: Path, tmp_path: Path
) -> None:
    stopped = interrupted(program, kind, tmp_path)
    for harm in kind.harms:
        run = shutil.copytree(stopped, tmp_path / harm.__name__)
        for file in sorted(run.glob(kind.states)):
            harm(file)
        done = program(*kind.resumed(run))
        assert done.code == 0
        if harm in REASONS and kind.unusable:
            first = done.err.splitlines()[0]
            assert first.startswith(kind.unusable)
            assert REASONS[harm] in first
            assert first in (run / "log.txt").read_text()
        assert_same_results(kind, run, undisturbed)


def test_a_complete_run_stays_as_it_is(program: Program, kind: Kind, undisturbed: Path) -> None:
    before = contents(undisturbed)
    done = program(*kind.resumed(undisturbed), "--json")
    assert (done.code, done.err) == (0, f"{undisturbed} is complete: nothing to do\n")
    assert done.json["status"] == "completed"
    assert contents(undisturbed) == before


def test_the_second_of_two_resumes_is_refused(
    program: Program, kind: Kind, undisturbed: Path, tmp_path: Path
) -> None:
    run = interrupted(program, kind, tmp_path)
    first = open_run(RunFolder(run))
    assert first is not None
    before = contents(run)
    done = program(*kind.resumed(run))
    assert (done.code, done.err) == (
        2,
        f"the run {run} is still running in process {os.getpid()}: wait for it, or stop it first\n",
    )
    assert contents(run) == before
    first.let_go()
    assert program(*kind.resumed(run)).code == 0


def test_the_config_is_the_runs_own(program: Program, kind: Kind) -> None:
    for arguments, names in kind.refused:
        done = program(kind.command, "--resume", "latest", *arguments)
        assert (done.code, done.err) == (2, f"--resume uses the run's own config: leave out {names}\n")


def test_a_run_of_another_kind(program: Program, kind: Kind, undisturbed: Path) -> None:
    for other in KINDS.values():
        if other.command != kind.command:
            done = program(other.command, "--resume", str(undisturbed))
            message = f"it is a run of kind '{kind.name}', which `fnnctl {kind.command} --resume` continues"
            assert (done.code, message in done.err) == (2, True)


def test_data_or_a_config_that_are_gone_or_changed(program: Program, kind: Kind, tmp_path: Path) -> None:
    data = tmp_path / "own.csv"
    rows = "".join(f"{k % 7},{'yes' if k % 2 else 'no'}\n" for k in range(60))
    data.write_text(f"x,label\n{rows}")
    run = interrupted(program, kind, tmp_path, source="own.csv", target="label")
    resolved = run / "resolved.yaml"
    config = resolved.read_text()
    moved = data.rename(data.with_name("moved.csv"))
    assert_refused(program, kind, run, f"{resolved}:", "data.source: there is no file")
    data.write_text(f"x,label\n{rows}1,yes\n")
    assert_refused(program, kind, run, f"{resolved}:", "data.sha256: ", "SHA-256")
    resolved.write_text("\n".join(line for line in config.splitlines() if "sha256" not in line))
    assert_refused(program, kind, run, kind.other_data)
    resolved.unlink()
    assert_refused(program, kind, run, f"{resolved}: is missing")
    resolved.write_text(config)
    moved.rename(data)
    assert program(*kind.resumed(run)).code == 0


def test_another_machine_gives_a_warning(
    program: Program, kind: Kind, undisturbed: Path, tmp_path: Path
) -> None:
    """It is printed, logged, and once in the manifest, however often the run is resumed."""
    run = interrupted(program, kind, tmp_path)
    manifest = read_json(run / "manifest.json")
    numpy, manifest["packages"]["numpy"] = manifest["packages"]["numpy"], "1.0"
    model, manifest["processor"]["model"] = manifest["processor"]["model"], "Abacus"
    manifest["processor"]["features"].append("SSE17")
    (run / "manifest.json").write_text(json.dumps(manifest))
    done = program(*kind.resumed(run))
    warning = (
        f"NumPy was 1.0, now {numpy}; the processor was Abacus, now {model}; "
        "NumPy's instruction sets: no longer SSE17: "
        "the last digits may differ from those of an uninterrupted run"
    )
    assert done.code == 0
    assert f"warning: {warning}" in done.err.splitlines()
    assert f"warning: {warning}" in (run / "log.txt").read_text()
    assert warning in read_json(run / "manifest.json")["warnings"]
    assert_same_results(kind, run, undisturbed)
