"""`training.time_limit` is for `train`: searches and cross-validations refuse it before there is a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program
from tests.runs.searching import write_config

SEARCH = (
    "is for `fnnctl train` only: in a search, trials would depend on the speed of the machine; "
    "write null, and limit the whole search with --time-limit TIME"
)
FOLDS = (
    "is for `fnnctl train` only: fold scores would depend on the machine and on how many folds train at "
    "once; write null, and lower training.epochs if training takes too long"
)


@pytest.fixture
def limited(tmp_path: Path) -> Path:
    return write_config(tmp_path / "x.yaml", training={"epochs": 3, "time_limit": 60})


@pytest.mark.parametrize(
    ("command", "message"), [("search", SEARCH), ("plan", SEARCH), ("check", SEARCH), ("evaluate", FOLDS)]
)
def test_it_is_refused_with_its_line(program: Program, limited: Path, command: str, message: str) -> None:
    line = limited.read_text().splitlines().index("  time_limit: 60") + 1
    told = f"x.yaml:{line}: training.time_limit: {message}\n"
    done = program(command, "x.yaml")
    assert (done.code, done.out + done.err) == (2, told)
    done = program(command, "x.yaml", "--set", "training.time_limit=9")
    assert (done.code, done.out + done.err) == (2, f"--set: training.time_limit: {message}\n")
    assert not Path("runs").exists()


def test_training_takes_it_whatever_the_search_section_says(
    program: Program, limited: Path, no_figures: None
) -> None:
    assert program("train", "x.yaml", "--quiet").code == 0


@pytest.mark.parametrize("arguments", [("search", "--method", "random"), ("evaluate", "--folds", "2")])
def test_without_the_limit_they_run(program: Program, limited: Path, arguments: tuple[str, ...]) -> None:
    command, *options = arguments
    assert program(command, "x.yaml", *options, "--set", "training.time_limit=null", "--quiet").code == 0
