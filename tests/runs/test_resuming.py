"""What only an interrupted training has: the rest is in tests/contracts/test_resume.py."""

from __future__ import annotations

import itertools
import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

import fnnctl
from fnnctl.console.signals import Interruption
from fnnctl.errors import MachineError
from fnnctl.runs import checkpointing
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.store.weights import read_npz, to_npz
from tests.messages import Messages
from tests.program import AtEpoch, Interrupt, Program, read_json, run_of
from tests.runs.resuming import assert_same_bits, resumed_from

pytestmark = pytest.mark.usefixtures("no_figures")


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
    requested, calls = Interruption.requested, itertools.count(1)

    def ask(signals: Interruption) -> bool:
        if next(calls) == count:
            signal.raise_signal(signal.SIGTERM)
        return requested(signals)

    return ask


@pytest.mark.usefixtures("keep_all")
def test_interrupted_in_the_middle_of_an_epoch(
    program: Program, undisturbed: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four steps per epoch: after ten steps, two epochs are complete and a third is half done."""
    monkeypatch.setattr(checkpointing, "SECONDS_TO_FINISH", 0.0)
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


def test_the_line_that_resumes_can_be_pasted(program: Program, config: Path, at_epoch: AtEpoch) -> None:
    at_epoch(3, lambda: signal.raise_signal(signal.SIGINT))
    folder = "my runs; $(touch gone)"
    done = program("train", str(config), "--runs-dir", folder)
    name, *arguments = shlex.split(done.err.splitlines()[-1])
    (run,) = Path(folder).iterdir()
    assert (name, arguments) == ("fnnctl", ["train", "--resume", str(run)])
    assert program(*arguments).code == 0


@pytest.mark.usefixtures("keep_none")
def test_a_stop_between_two_epochs_is_resumed_right_there(
    program: Program, undisturbed: Path, interrupt: Interrupt
) -> None:
    run = interrupt(3)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 3"]
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_none")
def test_a_short_epoch_is_finished_and_kept(
    program: Program, undisturbed: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal arrives in the middle of the third epoch."""
    monkeypatch.setattr(Interruption, "requested", signal_at_question(10))
    done = program("train", str(config))
    (run,) = Path("runs").iterdir()
    assert f"interrupted after 3 epochs; the work so far is in {run}. To resume from the last" in done.err
    assert program("train", "--resume", str(run)).code == 0
    assert_same_bits(run, undisturbed)


@pytest.mark.parametrize(("kept", "where"), [("keep_all", "epoch 2"), ("keep_none", "the start")])
def test_the_message_names_the_epoch_to_resume_from(
    program: Program, config: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    messages: Messages, kept: str, where: str,
) -> None:  # fmt: skip
    """Training is interrupted in the middle of the third epoch, which takes too long to wait for its end."""
    request.getfixturevalue(kept)
    monkeypatch.setattr(checkpointing, "SECONDS_TO_FINISH", 0.0)
    monkeypatch.setattr(Interruption, "requested", signal_at_question(10))
    done = program("train", str(config))
    (run,) = Path("runs").iterdir()
    messages.check("\n".join(done.err.splitlines()[-2:]).replace(run.name, "RUN"))
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == [where]


@pytest.mark.usefixtures("keep_all")
def test_a_checkpoint_without_one_of_its_arrays(
    program: Program, interrupt: Interrupt, messages: Messages
) -> None:
    run = interrupt(5)
    path = run / ".checkpoint.npz"
    arrays = read_npz(path.read_bytes(), path)
    for name in ("checkpoint.epoch", "stack.stopping.best", "stack.history.train_loss"):
        path.write_bytes(to_npz({key: array for key, array in arrays.items() if key != name}))
        done = program("train", "--resume", str(run))
        assert done.code == 2
        messages.check(done.err.splitlines()[-1].replace(run.name, "RUN"))


def with_seconds(run: Path, seconds: float) -> None:
    """Change the training time that the checkpoint records."""
    path = run / ".checkpoint.npz"
    arrays = read_npz(path.read_bytes(), path)
    path.write_bytes(to_npz({**arrays, "checkpoint.seconds": np.array(seconds)}))


@pytest.mark.usefixtures("keep_all")
def test_the_manifest_records_the_pause(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(5)
    before = read_json(run / "manifest.json")
    assert (before["training"]["epochs"], before["resumed"]) == (5, [])
    with_seconds(run, 1000.0)
    assert program("train", "--resume", str(run)).code == 0
    after = read_json(run / "manifest.json")
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


def pretend_older(run: Path) -> None:
    """Let the run have begun with an older version of fnnctl."""
    manifest = read_json(run / "manifest.json")
    (run / "manifest.json").write_text(json.dumps({**manifest, "fnnctl": "0.1.0"}))


@pytest.mark.usefixtures("keep_all")
def test_another_version_gives_a_warning(program: Program, interrupt: Interrupt, messages: Messages) -> None:
    run = interrupt(3)
    pretend_older(run)
    done = program("train", "--resume", str(run))
    assert done.code == 0
    (warning,) = read_json(run / "manifest.json")["warnings"]
    assert f"warning: {warning}" in done.err.splitlines()
    messages.check(warning.replace(fnnctl.__version__, "VERSION"))


@pytest.mark.usefixtures("keep_none")
def test_a_run_that_starts_again_is_one_of_this_version(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    (run / ".checkpoint.npz").unlink(missing_ok=True)
    pretend_older(run)
    done = program("train", "--resume", str(run))
    assert (done.code, "warning" in done.err) == (0, False)
    assert read_json(run / "manifest.json")["fnnctl"] == fnnctl.__version__


@pytest.mark.usefixtures("keep_all")
def test_a_full_disk_at_a_checkpoint_ends_nothing(
    program: Program, config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk = MachineError(".checkpoint.npz cannot be written: No space left on device")
    monkeypatch.setattr(OpenRun, "write_checkpoint", Mock(side_effect=full_disk))
    run = run_of(program, "train", str(config))
    assert "no checkpoint after epoch 1: .checkpoint.npz cannot be" in (run / "log.txt").read_text()
    assert_same_bits(run, undisturbed)


def test_a_signal_before_the_run_continues(
    program: Program, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupt(3)
    signals = Mock(side_effect=lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr("fnnctl.commands.train.read_experiment", signals)
    done = program("train", "--resume", str(run))
    assert (done.code, done.err.splitlines()[-1]) == (143, f"fnnctl train --resume {run}")
    assert read_json(run / "manifest.json")["status"] == "interrupted"
    assert not RunFolder(run).is_alive()
