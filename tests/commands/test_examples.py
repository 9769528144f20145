"""The examples in the help run, in their order, in one folder."""

from __future__ import annotations

import io
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from fnnctl.cli import run
from fnnctl.cli.commands import DECLARED, PROGRAM_EXAMPLES

SMALLER = {
    "seed: 7": "name: digits\nseed: 7\ntraining: {epochs: 20, early_stopping: null}\n"
    "search: {budget: {max_epochs: 3}}",
    "recipe: default": "recipe: classic",
    "source: digits": "source: flowers.csv\n  target: species",
}
"""What to replace in the file that `fnnctl init` writes, so that it trains in an instant."""


def write_table(path: Path) -> None:
    rows = [f"{number % 7},{number % 5 + number % 7},{'ab'[number % 7 > 3]}" for number in range(60)]
    path.write_text("\n".join(["u,v,species", *rows, ""]))


def smaller(config: str) -> str:
    for written, quick in SMALLER.items():
        config = re.sub(rf"^(\s*){written}", rf"\1{quick}", config, count=1, flags=re.MULTILINE)
    return config


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
    monkeypatch.setattr("fnnctl.commands.doctor.problems_of", lambda facts: ())  # of this machine
    monkeypatch.setattr("fnnctl.doctor.packages.EXTRAS", {})  # their imports take seconds
    write_table(tmp_path / "flowers.csv")
    write_table(tmp_path / "new.csv")
    examples = [line for declared in DECLARED.values() for line in declared.examples]
    examples.sort(key=lambda line: "--against" in line)  # they need a run
    for line in (*PROGRAM_EXAMPLES, *examples):
        if "predict flowers -" in line:  # it opens standard input by its path
            continue
        if ".onnx" in line and find_spec("onnx") is None:
            continue
        assert run_line(line, monkeypatch) == 0, line
        if line.startswith("fnnctl init"):
            written = Path((*shlex.split(line)[2:3], "fnnctl.yaml")[0])
            written.write_text(smaller(written.read_text()))
    assert (tmp_path / "predictions.csv").exists()
