"""The program run inside the test's process, in a folder of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.commands.output import Output
from fnnctl.commands.progress import OnEpoch
from fnnctl.data.builtin import builtin_path
from fnnctl.training.history import Record


@dataclass(frozen=True)
class Done:
    """What a command did."""

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


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`program("train", "x.yaml")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FNNCTL_RUNS_DIR", raising=False)

    def call(*arguments: str) -> Done:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    """A config that trains in a blink."""
    path = tmp_path / "iris.yaml"
    path.write_text(
        "data: {source: iris}\nmodel: {hidden: [8]}\n"
        "training: {epochs: 12, batch_size: 32, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


@pytest.fixture
def at_epoch(monkeypatch: pytest.MonkeyPatch) -> AtEpoch:
    """`at_epoch(3, action)`: what shows the progress does this after the third epoch of a training."""

    def arrange(chosen: int, action: Callable[[], object]) -> None:
        @contextmanager
        def progress(output: Output, epochs: int) -> Iterator[OnEpoch]:
            def on_epoch(epoch: int, record: Record) -> None:
                if epoch == chosen:
                    action()

            yield on_epoch

        monkeypatch.setattr("fnnctl.commands.train.epoch_progress", progress)

    return arrange


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one run of a network on penguins, in `runs`, and its data, `penguins.csv`."""
    folder = tmp_path_factory.mktemp("trained")
    with builtin_path("penguins") as path:
        shutil.copy(path, folder / "penguins.csv")
    config = folder / "penguins.yaml"
    config.write_text("data: {source: penguins.csv, target: species}\ntraining: {epochs: 4}\n")
    assert run(["train", str(config), "--quiet", "--runs-dir", str(folder / "runs")]) == 0
    return folder
