"""Notes about how the data were read are told once by each command, and are no warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program, only_run, read_json

NOTE = "which look continuous, so this is a regression"


@pytest.fixture(autouse=True)
def prices(tmp_path: Path) -> None:
    lines = [f"{row % 7},{row * 1.37:.2f}" for row in range(80)]
    (tmp_path / "prices.csv").write_text("\n".join(["a,price", *lines]), encoding="utf-8")
    (tmp_path / "prices.yaml").write_text(
        "recipe: classic\ndata: {source: prices.csv, target: price}\nmodel: {hidden: [4]}\n"
        "training: {epochs: 3}\nsearch: {method: grid, space: {training.l2: {choice: [0.1, 0.2]}}}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    "command", [("train",), ("evaluate", "--folds", "2", "--repeats", "1"), ("search", "--workers", "1")]
)
def test_a_note_is_told_and_logged_but_no_warning(
    program: Program, tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = program(command[0], "prices.yaml", *command[1:], "--runs-dir", "runs")
    assert done.code == 0
    lines = [line for line in done.err.splitlines() if NOTE in line]
    assert len(lines) == 1
    assert lines[0].startswith("the target 'price' has 80 distinct numbers")
    run = only_run(tmp_path)
    assert (run / "log.txt").read_text(encoding="utf-8").count(NOTE) == 1
    assert not [each for each in read_json(run / "manifest.json")["warnings"] if NOTE in each]


def test_check_tells_it_unless_the_config_names_the_task(program: Program) -> None:
    done = program("check", "prices.yaml")
    assert done.code == 0
    assert "prices.yaml: the target 'price' has 80 distinct numbers" in done.err
    assert NOTE not in program("check", "prices.yaml", "--set", "data.task=regression").err
