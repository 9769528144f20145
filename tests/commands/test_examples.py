"""The examples in the help run, in their order, in one folder."""

from __future__ import annotations

import io
import shlex
from pathlib import Path

import pytest

from fnnctl.cli import run
from fnnctl.cli.shell.examples import EXAMPLES

SMALL = "data: {source: flowers.csv, target: species}\nrecipe: classic\ntraining: {epochs: 3}\n"
SEARCHED = (
    "name: digits\nsearch: {trials: 6, budget: {min_epochs: 1, max_epochs: 3}, "
    "space: {training.l2: {log_uniform: [1.0e-4, 0.1]}}}\n"
)


def write_table(path: Path) -> None:
    rows = [f"{number % 7},{number % 5 + number % 7},{'ab'[number % 7 > 3]}" for number in range(60)]
    path.write_text("\n".join(["u,v,species", *rows, ""]))


def run_line(line: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a line of shell: `fnnctl …`, after `cat FILE |`, or before `> FILE`."""
    words = shlex.split(line)
    if words[0] == "cat":
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(words[1]).read_bytes())))
        words = words[3:]
    if ">" in words:
        words = words[: words.index(">")]
    assert words[0] == "fnnctl"
    return run(words[1:])


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FNNCTL_RUNS_DIR", raising=False)
    write_table(tmp_path / "flowers.csv")
    write_table(tmp_path / "new.csv")
    smaller = {"fnnctl.yaml": SMALL + SEARCHED, "flowers.yaml": SMALL}  # so that the test is quick
    for line in (line for lines in EXAMPLES.values() for line in lines):
        if "predict flowers -" in line:  # it opens standard input by its path
            continue
        assert run_line(line, monkeypatch) == 0, line
        if line.startswith("fnnctl init"):
            written = (*shlex.split(line)[2:3], "fnnctl.yaml")[0]
            Path(written).write_text(smaller.get(written, SMALL))
    assert (tmp_path / "predictions.csv").exists()
