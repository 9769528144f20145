"""However training ends, the network as trained so far is in the run's folder."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from fnnctl.console.signals import Interruption
from fnnctl.errors import MachineError
from fnnctl.runs import checkpointing
from fnnctl.runs.checkpointing import Checkpointer
from fnnctl.store.run import OpenRun
from fnnctl.training.trainer import TrainedMember, train_stack
from tests.program import AtEpoch, Program, assert_same_networks, only_run, read_json, run_of
from tests.runs.folding import table

pytestmark = pytest.mark.usefixtures("no_figures")

STOPPING = "training.early_stopping={monitor: validation_loss, patience: 50}"


def losses_of(run: Path) -> list[float]:
    return [float(row["validation_loss"]) for row in table(run, "history.csv")]


def fail() -> None:
    raise ZeroDivisionError("drawn by nobody")


def assert_failed(run: Path) -> None:
    manifest = read_json(run / "manifest.json")
    assert manifest["status"] == "failed"
    assert "drawn by nobody" in manifest["error"]
    assert manifest["seconds"]["training"] > 0
    assert "Traceback" in (run / "log.txt").read_text()
    assert not (run / "metrics.json").exists()


def test_a_display_that_fails_leaves_history_and_best_weights(
    program: Program, iris: Path, tmp_path: Path, at_epoch: AtEpoch
) -> None:
    """It fails after epoch 30. The best epoch is an earlier one; a shorter run ends with its weights."""
    changes = ["--set", "training.optimizer.learning_rate=0.5", "--set", STOPPING]
    at_epoch(30, fail)
    done = program("train", str(iris), *changes, "--set", "training.epochs=60")
    assert done.code == 3
    last = done.err.splitlines()[-1]
    assert last.startswith("internal error: ZeroDivisionError: drawn by nobody.")
    run = only_run(tmp_path)
    assert_failed(run)
    losses = losses_of(run)
    best = 1 + losses.index(min(losses))
    assert best < len(losses) == 30
    training = read_json(run / "manifest.json")["training"]
    stopped = {"stopped": "ended by an error", "stopped_kind": "error"}
    assert training == {"epochs": 30, "best_epoch": best, **stopped}
    shorter = run_of(program, "train", str(iris), *changes, "--set", f"training.epochs={best}")
    assert losses_of(shorter) == losses[:best]
    assert_same_networks(shorter, run)
    assert program("report", run.name).code == 0


def test_a_question_whether_to_stop_that_fails_is_no_less_a_failure(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callback is called after each of three steps per epoch, and fails at the eighth call."""
    requested = Mock(side_effect=[False] * 7 + [ZeroDivisionError("drawn by nobody")])
    monkeypatch.setattr(Interruption, "requested", requested)
    assert program("train", str(iris), "--set", "training.batch_size=40").code == 3
    assert_failed(only_run(tmp_path))
    assert len(losses_of(only_run(tmp_path))) == 2


def failing_engine(epoch: int) -> Callable[..., list[TrainedMember]]:
    """Training that fails by itself after this number of epochs."""

    def train(*arguments: Any, on_epoch: Callable[..., None], **options: Any) -> list[TrainedMember]:
        counted = Mock(side_effect=on_epoch)

        def should_stop() -> bool:
            if counted.call_count == epoch:
                fail()
            return False

        return train_stack(*arguments, **{**options, "on_epoch": counted, "should_stop": should_stop})

    return train


@pytest.mark.parametrize("epochs", [5, 0])
def test_an_engine_that_fails_leaves_what_the_last_epoch_had(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    monkeypatch.setattr("fnnctl.stacks.work.train_stack", failing_engine(epochs))
    assert program("train", str(iris)).code == 3
    run = only_run(tmp_path)
    assert_failed(run)
    files = {"history.csv", "model.npz"} if epochs else set()
    assert {path.name for path in run.iterdir()} & {"history.csv", "model.npz"} == files
    training = read_json(run / "manifest.json")["training"]
    assert (training and training["epochs"]) == (epochs or None)
    assert program("report").code == 0


full_disk = Mock(side_effect=MachineError("model.npz cannot be written: No space left on device"))


def test_what_cannot_be_kept_does_not_hide_the_failure(
    program: Program, iris: Path, tmp_path: Path, at_epoch: AtEpoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenRun, "write_model", full_disk)
    at_epoch(3, fail)
    done = program("train", str(iris))
    assert done.code == 3
    assert done.err.splitlines()[-1].startswith("internal error: ZeroDivisionError: drawn by nobody.")
    assert_failed(only_run(tmp_path))
    assert len(losses_of(only_run(tmp_path))) == 3
    assert "cannot be saved: model.npz" in (only_run(tmp_path) / "log.txt").read_text()


def test_without_a_failure_what_cannot_be_written_is_one(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenRun, "write_model", full_disk)
    done = program("train", str(iris))
    assert done.code == 3
    assert done.err.splitlines()[-1] == "model.npz cannot be written: No space left on device"


@pytest.mark.parametrize(("seconds", "is_late"), [(math.inf, False), (0.0, True)])
def test_a_stop_waits_for_the_end_of_a_short_epoch_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, seconds: float, is_late: bool
) -> None:
    """A worker may be suspended in it."""
    monkeypatch.setattr(checkpointing, "SECONDS_BETWEEN_CHECKPOINTS", math.inf)
    nothing = Mock(epoch=1)
    callbacks = {"show": nothing, "on_written": nothing, "seconds": Mock(return_value=0.0)}
    stop = Mock(return_value=True)
    checkpointer = Checkpointer(
        nothing, nothing, nothing, **callbacks, should_stop=stop, is_stop_requested=stop
    )
    checkpointer.on_epoch(nothing, {})
    assert checkpointer.should_stop(), "between two epochs"
    monkeypatch.setattr(checkpointing, "SECONDS_TO_FINISH", seconds)
    assert checkpointer.should_stop() == is_late
    assert checkpointer.is_overdue() == is_late
