"""`-` in place of CONFIG is an experiment on standard input."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.program import Program, only_run

TEXT = (
    "data: {source: flowers.csv, target: species}\nrecipe: classic\n"
    "training: {epochs: 2, optimizer: {learning_rate: 0.02}}\n"
    "search: {method: random, trials: 2, space: {training.l2: {log_uniform: [1.0e-4, 0.1]}}}\n"
)


@pytest.fixture
def flowers(tmp_path: Path) -> None:
    rows = [f"{number % 7},{number % 5},{'ab'[number % 7 > 3]}" for number in range(60)]
    (tmp_path / "flowers.csv").write_text("\n".join(["u,v,species", *rows, ""]))


def write(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.usefixtures("flowers")
@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["plan", "--json"],
        ["train"],
        ["search", "--workers", "1"],
        ["evaluate", "--folds", "2", "--repeats", "1", "--workers", "1"],
    ],
)
def test_an_experiment_on_standard_input(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Relative paths start in the working directory, and the data give the name."""
    write(monkeypatch, TEXT)
    name, *options = command
    done = program(name, "-", *options)
    assert done.code == 0, done.err
    if name == "check":
        assert "<stdin>: valid: 60 rows" in done.err
    elif name != "plan":
        run = only_run(tmp_path)
        assert (run / "config.yaml").read_text() == TEXT
        assert "-flowers-" in run.name


@pytest.mark.usefixtures("flowers")
@pytest.mark.parametrize("command", ["check", "train", "search", "plan", "evaluate"])
def test_problems_name_standard_input(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    write(monkeypatch, TEXT.replace("epochs: 2", "epoch: 2"))
    done = program(command, "-")
    assert done.code == 2
    assert "<stdin>:3: training.epoch" in done.out + done.err
    assert not (tmp_path / "runs").exists()


def test_standard_input_may_be_empty_or_closed(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    write(monkeypatch, "")
    done = program("train", "-")
    assert (done.code, "<stdin>:1: is empty" in done.err) == (2, True)
    monkeypatch.setattr(sys, "stdin", None)
    done = program("train", "-")
    assert (done.code, done.err) == (2, "<stdin>: standard input is closed; write the experiment to it\n")
