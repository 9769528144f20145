"""Runs the program inside the test's process, in an empty folder."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnnctl.cli import run
from fnnctl.context import ShowEpochs, ShowNothing
from fnnctl.data.builtin import builtin_path
from fnnctl.executors.registry import ExecutorKind
from fnnctl.plugins import scope
from fnnctl.progress import TrainingPosition
from fnnctl.stacks.planning import WorkerPlan
from fnnctl.training.history import Record
from tests.preloaded import preloaded_program


@dataclass(frozen=True)
class Done:
    """The outcome of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Program = Callable[..., Done]
AtEpoch = Callable[[int, Callable[[], object]], None]


def only_run(folder: Path) -> Path:
    (path,) = (folder / "runs").iterdir()
    return path


def read_json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def network_arrays(run: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the model's networks, without what it knows of its rows."""
    arrays = np.load(run / "model.npz")
    return {name: array for name, array in arrays.items() if "." not in name or name.startswith("part_")}


def assert_same_networks(run: Path, other: Path) -> None:
    """The arrays of all networks are equal; how they err on held-out rows may differ."""
    networks, expected = network_arrays(run), network_arrays(other)
    assert networks.keys() == expected.keys()
    for name, array in networks.items():
        assert array.dtype == expected[name].dtype
        assert array.tobytes() == expected[name].tobytes(), name


def assert_same_files(run: Path, other: Path, *names: str) -> None:
    """The files have the same bytes in both folders."""
    for name in names:
        assert (run / name).read_bytes() == (other / name).read_bytes(), name


def contents(run: Path) -> dict[Path, bytes]:
    """Every file except the lock, which holds the id of the last process."""
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """The process's standard input is a pipe with this content, for which a pipe must have room."""
    kept = os.dup(0)
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    os.dup2(reader, 0)
    os.close(reader)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def run_of(program: Program, *arguments: str) -> Path:
    """The folder of the run that a command makes."""
    done = program(*arguments, "--json")
    assert done.code == 0, done.err
    return Path(done.json["run"])


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Path]:
    """An executable `fnnctl` that is a process of its own, but imports nothing."""
    if sys.platform == "win32":
        pytest.skip("the program for shells needs fork and sockets of files")
    with preloaded_program() as folder:
        yield folder / "fnnctl"


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`program("train", "x.yaml")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FNNCTL_RUNS_DIR", raising=False)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["fnnctl", *arguments])  # a run folder says what made it
        capfd.readouterr()
        with scope():  # as a process of its own has
            code = run(arguments)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    """A config that trains in an instant."""
    path = tmp_path / "iris.yaml"
    path.write_text(
        "data: {source: iris}\nmodel: {hidden: [8]}\n"
        "training: {epochs: 12, batch_size: 32, optimizer: {learning_rate: 0.02}}\nrecipe: classic\n"
    )
    return path


@pytest.fixture
def at_epoch(monkeypatch: pytest.MonkeyPatch) -> AtEpoch:
    """`at_epoch(3, action)`: call the action once, after the third epoch of a training."""

    def arrange(chosen: int, action: Callable[[], object]) -> None:
        waiting = [action]

        @contextmanager
        def epochs(listener: object, position: TrainingPosition) -> Iterator[ShowEpochs]:
            class AtEpoch(ShowNothing):
                def epoch(self, record: Record) -> None:
                    if position.epoch == chosen and waiting:
                        waiting.pop()()

            yield AtEpoch()

        monkeypatch.setattr("fnnctl.console.progress.TerminalListener.epochs", epochs)

    return arrange


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data, `penguins.csv`, and one run of a network trained on them, in `runs`."""
    folder = tmp_path_factory.mktemp("trained")
    with builtin_path("penguins") as path:
        shutil.copy(path, folder / "penguins.csv")
    config = folder / "penguins.yaml"
    config.write_text(
        "recipe: classic\ndata: {source: penguins.csv, target: species}\n"
        "training: {epochs: 4, optimizer: {learning_rate: 0.02}}\n"
    )
    assert run(["train", str(config), "--quiet", "--runs-dir", str(folder / "runs")]) == 0
    return folder


DISTURBED = """\
recipe: classic
data: {source: iris}
model: {hidden: [8, 8], dropout: 0.1, normalization: batch}
training:
  epochs: 40
  batch_size: 32
  mixup: 0.2
  optimizer: {name: adam, learning_rate: 0.1}
  lr_schedule: {name: adaptive, patience: 3}
  averaging: ema
  early_stopping: {monitor: validation_loss, patience: 9}
"""
"""A config that early stopping ends, with every kind of training state."""

KEEP_ALL = (("SECONDS_BETWEEN_CHECKPOINTS", 0.0), ("MAX_SHARE", 1e9))
"""A checkpoint after every epoch."""


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take the longest, and are drawn from files that the tests compare anyway."""
    monkeypatch.setattr("fnnctl.report.figures.drawing._draw", lambda *run, **present: ())


@pytest.fixture
def keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEEP_ALL:
        monkeypatch.setattr(f"fnnctl.runs.checkpointing.{name}", value)


@pytest.fixture
def keep_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """No checkpoint during training."""
    monkeypatch.setattr("fnnctl.runs.checkpointing.SECONDS_BETWEEN_CHECKPOINTS", 1e9)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(DISTURBED)
    return path


@pytest.fixture
def undisturbed(program: Program, config: Path) -> Path:
    done = program("train", str(config), "--runs-dir", "undisturbed", "--json")
    run = Path(done.json["run"])
    training = read_json(run / "manifest.json")["training"]
    assert (
        training["stopped"] == "no better validation_loss for 9 epochs"
    )  # so that the state of early stopping matters
    assert 15 < training["epochs"] < 40
    return run


Interrupt = Callable[..., Path]


@pytest.fixture
def interrupt(program: Program, config: Path, at_epoch: AtEpoch) -> Interrupt:
    """`interrupt(5)`: a run that a signal interrupts after its fifth epoch."""

    def start(epoch: int, *arguments: str, number: signal.Signals = signal.SIGTERM) -> Path:
        at_epoch(epoch, lambda: signal.raise_signal(number))
        done = program("train", str(config), *arguments, "--json")
        assert done.code == 128 + number
        return Path(shlex.split(done.json["error"]["message"].splitlines()[-1])[-1])

    return start


SetMemory = Callable[[int], None]


@pytest.fixture
def set_memory(monkeypatch: pytest.MonkeyPatch) -> SetMemory:
    """`set_memory(1000)`: a thousand bytes are free for training."""
    return lambda count: monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: count)


PlanStacks = Callable[[ExecutorKind, Sequence[Sequence[int]]], None]


@pytest.fixture
def plan_stacks(monkeypatch: pytest.MonkeyPatch) -> PlanStacks:
    """`plan_stacks("threads", [[0, 1], [2]])`: which of the missing folds train together, and how."""

    def plan(kind: ExecutorKind, stacks: Sequence[Sequence[int]]) -> None:
        def plan_folds(fits: Sequence[object], rows: int, workers: int) -> tuple[WorkerPlan, list[list[int]]]:
            missing = [[fold for fold in stack if fold < len(fits)] for stack in stacks]
            return WorkerPlan(kind, workers), [stack for stack in missing if stack]

        monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_folds)

    return plan
