"""`training.time_limit` is for `train`: searches and cross-validations refuse it before there is a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.messages import Messages
from tests.program import Program
from tests.runs.searching import write_config


@pytest.fixture
def limited(tmp_path: Path) -> Path:
    return write_config(tmp_path / "x.yaml", training={"epochs": 3, "time_limit": 60})


@pytest.mark.parametrize("command", ["search", "plan", "check", "evaluate"])
def test_it_is_refused_with_its_line(
    program: Program, limited: Path, command: str, messages: Messages
) -> None:
    for words in ((), ("--set", "training.time_limit=9")):
        done = program(command, "x.yaml", *words)
        assert done.code == 2
        messages.check(done.out + done.err)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "words", ["train", "search --method random --set training.time_limit=null"], ids=["train", "search"]
)
def test_training_takes_it_and_without_it_a_search_runs(program: Program, limited: Path, words: str) -> None:
    command, *options = words.split()
    assert program(command, "x.yaml", "--quiet", "--no-figures", *options).code == 0
