"""Signals: completed work is kept, and no library swallows the signal."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fnnctl.console.signals import ended_by_signals, interruption
from fnnctl.errors import InterruptedCommandError, InterruptedRunError
from fnnctl.store.run import OpenRun
from tests.program import AtEpoch, Program, only_run, read_json
from tests.waiting import DEADLINE


def start(fnnctl: Path, iris: Path, *, epochs: int, hangup: str) -> subprocess.Popen[bytes]:
    """A training in its own process, after its twentieth epoch; `hangup` is the previous SIGHUP handler."""
    handler = f"import os, signal, sys; signal.signal(signal.SIGHUP, signal.{hangup})"
    script = f"{handler}; os.execv(sys.argv[1], sys.argv[1:])"
    changes = ["--set", f"training.epochs={epochs}", "--set", "training.early_stopping=null"]
    command = [str(fnnctl), "train", str(iris), "--verbose", "--no-figures", *changes]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command],
        cwd=iris.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"epoch 20/"):
            break
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_keeps_what_was_done(
    preloaded: Path, iris: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start(preloaded, iris, epochs=1_000_000, hangup="SIG_DFL")
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    run = only_run(tmp_path)
    assert b"interrupted after" in err.splitlines()[-2]
    assert err.splitlines()[-1] == f"fnnctl train --resume runs/{run.name}".encode()
    manifest = read_json(run / "manifest.json")
    assert manifest["status"] == "interrupted"
    assert manifest["training"]["epochs"] >= 20
    assert manifest["training"]["stopped"] == "interrupted by a signal"
    assert (run / "model.npz").is_file()
    assert len((run / "history.csv").read_text().splitlines()) == manifest["training"]["epochs"] + 1


def test_graceful_blocks_nest() -> None:
    """A first signal only asks to stop until the outer block ends; a second one ends it."""
    steps = []

    def work() -> None:
        with interruption(lambda text: None) as stop, stop.graceful():
            assert not stop.requested()
            signal.raise_signal(signal.SIGINT)
            with stop.graceful():
                assert stop.requested()
            steps.append("after the inner block")
            signal.raise_signal(signal.SIGINT)
            steps.append("after the second signal")

    with pytest.raises(InterruptedRunError):
        work()
    assert steps == ["after the inner block"]


def test_a_signal_before_a_graceful_block_ends_it() -> None:
    steps = []

    def work() -> None:
        with interruption(lambda text: None) as stop:
            with stop.graceful():
                signal.raise_signal(signal.SIGINT)
                steps.append("in the first block")
            with stop.graceful():
                steps.append("in the second block")

    with pytest.raises(InterruptedRunError):
        work()
    assert steps == ["in the first block"]


def test_nohup_lets_a_run_outlive_its_terminal(preloaded: Path, iris: Path, tmp_path: Path) -> None:
    process = start(preloaded, iris, epochs=300, hangup="SIG_IGN")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    manifest = read_json(only_run(tmp_path) / "manifest.json")
    assert (manifest["status"], manifest["training"]["epochs"]) == ("completed", 300)


def test_a_second_signal_ends_at_once_and_keeps_the_history(
    program: Program, iris: Path, tmp_path: Path, at_epoch: AtEpoch
) -> None:
    passed = []

    def interrupt() -> None:
        signal.raise_signal(signal.SIGTERM)
        passed.append("first")
        signal.raise_signal(signal.SIGTERM)
        passed.append("second")

    at_epoch(3, interrupt)
    done = program("train", str(iris))
    run = only_run(tmp_path)
    assert (done.code, passed) == (143, ["first"])
    assert done.err.splitlines()[-2:] == [
        f"interrupted; the work so far is in runs/{run.name}. To start again, run:",
        f"fnnctl train --resume runs/{run.name}",
    ]
    manifest = read_json(run / "manifest.json")
    assert manifest["status"] == "interrupted"
    assert manifest["training"]["epochs"] == 3
    assert len((run / "history.csv").read_text().splitlines()) == 4
    assert "Traceback" not in (run / "log.txt").read_text()


def test_a_signal_while_the_weights_are_written_waits_for_them(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = OpenRun.write_model

    def write_model(run: OpenRun, *arguments: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        written(run, *arguments)

    monkeypatch.setattr(OpenRun, "write_model", write_model)
    done = program("train", str(iris))
    assert done.code == 130
    assert "interrupted after 12 epochs" in done.err
    assert (only_run(tmp_path) / "model.json").is_file()


@pytest.mark.parametrize(("caught", "swallowed"), [(Exception, []), (BaseException, ["signal"])])
def test_no_library_swallows_a_signal(
    program: Program,
    iris: Path,
    tmp_path: Path,
    caught: type[BaseException],
    swallowed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`except Exception` does not catch it, and code that swallows every exception is detected."""
    taken = []

    def draw(figures: object, run: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except caught:
            taken.append("signal")

    monkeypatch.setattr("fnnctl.report.figures.drawer.FigureDrawer.draw", draw)
    done = program("train", str(iris))
    assert (done.code, taken) == (143, swallowed)
    assert read_json(only_run(tmp_path) / "manifest.json")["status"] == "interrupted"


class Lost:
    """Python prints an exception in its finalizer and drops it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_in_a_callback_is_remembered_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    hook = sys.unraisablehook
    with pytest.raises(InterruptedCommandError) as caught, ended_by_signals(print):
        Lost()
    assert caught.value.exit_code == 143
    assert capfd.readouterr().err == ""
    assert sys.unraisablehook is hook


def test_a_pending_signal_is_handled_as_soon_as_a_command_handles_signals() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(InterruptedRunError), interruption(print):
            pytest.fail("the block was entered")
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_garbage_is_collected_as_soon_as_a_command_handles_signals() -> None:
    gc.disable()
    try:
        with ended_by_signals(print):
            assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_outside_the_block_signals_do_what_they_did() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with interruption(print) as signals:
        assert [signal.getsignal(number) for number in numbers[:2]] == [signals.handle] * 2
    assert [signal.getsignal(number) for number in numbers] == before
    with pytest.raises(InterruptedRunError), interruption(print):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in numbers] == before


def test_a_signal_before_there_is_a_run(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*arguments: object, **options: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("fnnctl.commands.train.read_experiment", load)
    done = program("train", str(iris), "--json")
    assert done.code == 143
    assert done.json["error"]["message"] == "interrupted before a run was created"
    assert not (tmp_path / "runs").exists()
