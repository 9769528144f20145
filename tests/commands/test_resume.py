"""However a training was interrupted, `--resume` gives the bits of an uninterrupted one."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl.console.signals import Interruption
from fnnctl.errors import MachineError
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.store.weights import read_npz, to_npz
from tests.commands.resuming import assert_same_bits, resumed_from
from tests.program import KEEP_ALL, AtEpoch, Interrupt, Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")


def process(*arguments: str, before: str = "") -> subprocess.Popen[bytes]:
    """The program in its own process, with a checkpoint after every epoch."""
    lines = ["import fnnctl.runs.checkpointing as keeping", "import fnnctl.context, fnnctl.runs.training"]
    lines += [f"keeping.{name} = {value}" for name, value in KEEP_ALL]
    lines += [before, "from fnnctl.cli import main", "main()"]
    command = [sys.executable, "-c", "\n".join(lines), "train", *arguments, "--verbose", "--no-figures"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_instants(program: Program, config: Path, tmp_path: Path, seed: int) -> None:
    """One run is killed four times, each time a few epochs later and at an arbitrary instant."""
    rng = random.Random(seed)
    longer = ["--set", "training.epochs=150", "--set", "training.early_stopping.patience=150"]
    arguments = [str(config), *longer]
    undisturbed = Path(program("train", *arguments, "--runs-dir", "undisturbed", "--json").json["run"])
    for _ in range(4):
        with process(*arguments) as killed:
            assert killed.stderr is not None
            told = 0
            wanted = rng.randint(1, 20)
            for line in killed.stderr:
                told += line.startswith(b"epoch ")
                if told == wanted:
                    break
            try:
                killed.wait(timeout=rng.uniform(0.0, 0.02))
            except subprocess.TimeoutExpired:
                killed.kill()
        (run,) = (tmp_path / "runs").iterdir()
        assert read_json(run / "manifest.json")["status"] == "running"
        assert not (run / "model.npz").exists()
        arguments = ["--resume", str(run)]
    assert program("train", *arguments).code == 0
    assert_same_bits(run, undisturbed)
    epochs = [int(place.removeprefix("epoch ")) for place in resumed_from(run)]
    assert epochs == sorted(epochs)
    assert len(epochs) == 4
    assert len(read_json(run / "manifest.json")["resumed"]) == 4


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_twice(
    program: Program,
    undisturbed: Path,
    interrupt: Interrupt,
    at_epoch: AtEpoch,
    number: signal.Signals,
) -> None:
    run = interrupt(5, number=number)
    assert len((run / "history.csv").read_text().splitlines()) == 6
    at_epoch(9, lambda: signal.raise_signal(number))
    again = program("train", "--resume", "latest")
    assert again.code == 128 + number
    assert f"interrupted after 9 epochs; the work so far is in {run}" in again.err
    assert len((run / "history.csv").read_text().splitlines()) == 10
    assert program("train", "--resume", run.name[:25]).code == 0
    assert resumed_from(run) == ["epoch 5", "epoch 9"]
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_all")
def test_early_stopping_remembers_what_was_best(
    program: Program, undisturbed: Path, interrupt: Interrupt
) -> None:
    """Interrupted two epochs before the end: after the best epoch, with seven epochs of patience used."""
    epochs = read_json(undisturbed / "manifest.json")["training"]["epochs"]
    run = interrupt(epochs - 2)
    assert program("train", "--resume", str(run)).code == 0
    assert read_json(run / "manifest.json")["training"]["best_epoch"] == epochs - 9
    assert_same_bits(run, undisturbed)


def signal_at_question(count: int) -> Callable[[Interruption], bool]:
    """Replaces `Interruption.requested`, which is called after each step; a signal precedes call `count`."""
    asked = 0
    requested = Interruption.requested

    def ask(signals: Interruption) -> bool:
        nonlocal asked
        asked += 1
        if asked == count:
            signal.raise_signal(signal.SIGTERM)
        return requested(signals)

    return ask


@pytest.mark.usefixtures("keep_all")
def test_interrupted_in_the_middle_of_an_epoch(
    program: Program, undisturbed: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four steps per epoch: after ten steps, two epochs are complete and a third is half done."""
    monkeypatch.setattr(Interruption, "requested", signal_at_question(10))
    assert program("train", str(config), "--set", "training.early_stopping=null").code == 143
    (run,) = Path("runs").iterdir()
    assert read_json(run / "manifest.json")["training"]["epochs"] == 2
    assert len((run / "history.csv").read_text().splitlines()) == 3
    kept = read_npz((run / ".checkpoint.npz").read_bytes(), run)
    weights = RunFolder(run).read_model().arrays
    flat = np.concatenate([array.ravel() for array in weights.values()])
    assert np.isfinite(flat).all()
    assert not np.array_equal(weights["weights_1"].ravel(), kept["stack.network.parameters"][0, :32])


def test_the_line_that_resumes_can_be_pasted(
    program: Program, config: Path, at_epoch: AtEpoch, tmp_path: Path
) -> None:
    at_epoch(3, lambda: signal.raise_signal(signal.SIGINT))
    folder = tmp_path / "my runs; $(touch gone)"
    done = program("train", str(config), "--runs-dir", folder.name)
    said = tmp_path / "said"
    stand_in = tmp_path / "fnnctl"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shlex.quote(str(said))}\n')
    stand_in.chmod(0o755)
    surroundings = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", done.err.splitlines()[-1]], cwd=tmp_path, env=surroundings, check=True)
    arguments = said.read_text().splitlines()
    assert arguments[:2] == ["train", "--resume"]
    assert Path(arguments[2]).parent == Path(folder.name)
    assert program(*arguments).code == 0
    assert not (tmp_path / "gone").exists()


def truncated(run: Path) -> bytes:
    return (run / ".checkpoint.npz").read_bytes()[:-100]


def one_bit_turned(run: Path) -> bytes:
    content = bytearray((run / ".checkpoint.npz").read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def of_another_seed(run: Path) -> bytes:
    arrays = read_npz((run / ".checkpoint.npz").read_bytes(), run)
    return to_npz({**arrays, "members.seeds": arrays["members.seeds"] + np.uint64(1)})


def something_else(run: Path) -> bytes:
    return (run / "model.npz").read_bytes()


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (truncated, "is damaged"),
        (one_bit_turned, "is damaged"),
        (of_another_seed, "it belongs to another configuration"),
        (something_else, "it was not written by this version of fnnctl"),
    ],
)
def test_without_a_usable_checkpoint_training_begins_again(
    program: Program,
    undisturbed: Path,
    interrupt: Interrupt,
    content: Callable[[Path], bytes],
    reason: str,
) -> None:
    run = interrupt(5)
    (run / ".checkpoint.npz").write_bytes(content(run))
    done = program("train", "--resume", str(run))
    assert done.code == 0
    first, second = done.err.splitlines()[:2]
    assert first.startswith("the checkpoint cannot be used, so training starts again: ")
    assert reason in first
    assert second == f"resuming from the start of {run}"
    assert first in (run / "log.txt").read_text()
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_none")
def test_a_stop_between_two_epochs_is_resumed_right_there(
    program: Program, undisturbed: Path, interrupt: Interrupt
) -> None:
    run = interrupt(3)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 3"]
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_none")
def test_killed_before_the_first_checkpoint(
    program: Program, undisturbed: Path, interrupt: Interrupt
) -> None:
    run = interrupt(3)
    (run / ".checkpoint.npz").unlink()  # a kill leaves none
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["the start"]
    assert_same_bits(run, undisturbed)


@pytest.mark.parametrize(
    ("kept", "where"),
    [("keep_all", "resume from the last checkpoint (epoch 2)"), ("keep_none", "start again")],
)
def test_the_message_names_the_epoch_to_resume_from(
    program: Program, config: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    kept: str, where: str,
) -> None:  # fmt: skip
    """Training is interrupted in the middle of the third epoch."""
    request.getfixturevalue(kept)
    monkeypatch.setattr(Interruption, "requested", signal_at_question(10))
    done = program("train", str(config))
    (run,) = Path("runs").iterdir()
    assert done.err.splitlines()[-2:] == [
        f"interrupted after 2 epochs; the work so far is in {run}. To {where}, run:",
        f"fnnctl train --resume {run}",
    ]
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 2" if kept == "keep_all" else "the start"]


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize("place", ["runs.training.score_parts", "context.NoFigures.draw"])
def test_killed_when_training_was_over(
    program: Program, config: Path, undisturbed: Path, tmp_path: Path, place: str
) -> None:
    die = "lambda *_: __import__('os').kill(__import__('os').getpid(), 9)"
    with process(str(config), before=f"fnnctl.{place} = {die}") as killed:
        killed.communicate(timeout=60)
    assert killed.returncode == -9
    (run,) = (tmp_path / "runs").iterdir()
    assert program("train", "--resume", str(run)).code == 0
    epochs = len((undisturbed / "history.csv").read_text().splitlines()) - 1
    assert resumed_from(run) == [f"epoch {epochs}"]
    assert_same_bits(run, undisturbed)


def with_seconds(run: Path, seconds: float) -> None:
    """Change the training time that the checkpoint records."""
    path = run / ".checkpoint.npz"
    arrays = read_npz(path.read_bytes(), path)
    path.write_bytes(to_npz({**arrays, "checkpoint.seconds": np.array(seconds)}))


@pytest.mark.usefixtures("keep_all")
def test_the_manifest_records_the_pause(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(5)
    before = read_json(run / "manifest.json")
    assert (before["status"], before["training"]["epochs"], before["resumed"]) == ("interrupted", 5, [])
    assert before["error"]
    with_seconds(run, 1000.0)
    assert program("train", "--resume", str(run)).code == 0
    after = read_json(run / "manifest.json")
    assert (after["status"], after["error"]) == ("completed", None)
    (resumption,) = after["resumed"]
    assert before["finished"] < resumption["at"] < after["finished"]
    assert after["started"] == before["started"]
    assert 1000.0 < after["seconds"]["training"] < after["seconds"]["total"] < 1060.0
    assert after["training"]["epochs"] > 5


@pytest.mark.usefixtures("keep_all")
def test_the_time_trained_before_counts_against_the_limit(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(5, "--set", "training.time_limit=900")
    with_seconds(run, 1000.0)
    assert program("train", "--resume", str(run)).code == 0
    training = read_json(run / "manifest.json")["training"]
    assert (training["epochs"], training["stopped"]) == (5, "the time limit of 900 s")


def test_another_machine_gives_a_warning(program: Program, interrupt: Interrupt) -> None:
    """The warning is printed, logged, and once in the manifest, however often the run is resumed."""
    run = interrupt(3)
    manifest = read_json(run / "manifest.json")
    numpy, model = manifest["packages"]["numpy"], manifest["processor"]["model"]
    manifest["packages"]["numpy"], manifest["processor"]["model"] = "1.0", "Abacus"
    manifest["processor"]["features"] += ["SSE17"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    done = program("train", "--resume", str(run))
    warning = (
        f"NumPy was 1.0, now {numpy}; the processor was Abacus, now {model}; "
        "NumPy's instruction sets: no longer SSE17: "
        "the last digits may differ from those of an uninterrupted run"
    )
    assert done.code == 0
    assert f"warning: {warning}" in done.err.splitlines()
    assert f"warning: {warning}" in (run / "log.txt").read_text()
    assert read_json(run / "manifest.json")["warnings"] == [warning]


def test_another_version_gives_a_warning(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    manifest = read_json(run / "manifest.json")
    (run / "manifest.json").write_text(json.dumps({**manifest, "fnnctl": "0.1.0"}))
    done = program("train", "--resume", str(run))
    warning = (
        f"the run began with fnnctl 0.1.0, and continues with {fnnctl.__version__}: neither version alone "
        "gives its numbers; start a new run to compare it with others"
    )
    assert (done.code, f"warning: {warning}" in done.err.splitlines()) == (0, True)
    assert read_json(run / "manifest.json")["warnings"] == [warning]


@pytest.mark.usefixtures("keep_none")
def test_a_run_that_starts_again_is_one_of_this_version(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    (run / ".checkpoint.npz").unlink(missing_ok=True)
    manifest = read_json(run / "manifest.json")
    (run / "manifest.json").write_text(json.dumps({**manifest, "fnnctl": "0.1.0"}))
    done = program("train", "--resume", str(run))
    assert (done.code, "warning" in done.err) == (0, False)
    assert read_json(run / "manifest.json")["fnnctl"] == fnnctl.__version__


def test_the_same_machine_is_not_warned_of(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    assert "warning" not in program("train", "--resume", str(run)).err


def test_unfinished_files_are_removed(program: Program, interrupt: Interrupt, undisturbed: Path) -> None:
    run = interrupt(3)
    (run / ".model.npz.0123abcd.tmp").write_bytes(b"half")
    assert program("train", "--resume", str(run)).code == 0
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_all")
def test_a_full_disk_at_a_checkpoint_ends_nothing(
    program: Program, config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: OpenRun, arrays: Any) -> None:
        raise MachineError(".checkpoint.npz cannot be written: No space left on device")

    monkeypatch.setattr(OpenRun, "write_checkpoint", full_disk)
    done = program("train", str(config), "--json")
    assert done.code == 0
    run = Path(done.json["run"])
    assert "no checkpoint after epoch 1: .checkpoint.npz cannot be" in (run / "log.txt").read_text()
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_all")
def test_a_failed_run_can_be_resumed(
    program: Program, config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full when the model was written, but is no longer."""
    with monkeypatch.context() as full:

        def full_disk(run: OpenRun, *arguments: Any) -> None:
            raise MachineError("model.npz cannot be written: No space left on device")

        full.setattr(OpenRun, "write_model", full_disk)
        assert program("train", str(config)).code == 3
    (run,) = Path("runs").iterdir()
    assert read_json(run / "manifest.json")["status"] == "failed"
    assert program("train", "--resume", str(run)).code == 0
    assert_same_bits(run, undisturbed)
