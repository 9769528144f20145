"""A column that gives the target away is told by every command that reads the data for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.program import Program, only_run, read_json

TOLD = "the column 'code' alone predicts the target: accuracy 1 on held-out rows"


@pytest.fixture(autouse=True)
def outcomes(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=120)
    lines = [f"{value:.3f},{row % 2 + 5},{'yn'[row % 2]}" for row, value in enumerate(values)]
    (tmp_path / "outcomes.csv").write_text("\n".join(["a,code,label", *lines]), encoding="utf-8")
    (tmp_path / "outcomes.yaml").write_text(
        "recipe: classic\ndata: {source: outcomes.csv, target: label}\nmodel: {hidden: [4]}\n"
        "training: {epochs: 3}\nsearch: {method: grid, space: {training.l2: {choice: [0.1, 0.2]}}}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    "command", [("train",), ("evaluate", "--folds", "2", "--repeats", "1"), ("search", "--workers", "1")]
)
def test_a_leak_is_told_and_recorded(program: Program, tmp_path: Path, command: tuple[str, ...]) -> None:
    done = program(command[0], "outcomes.yaml", *command[1:], "--runs-dir", "runs")
    assert done.code == 0
    assert done.err.count(f"warning: {TOLD}") == 1
    run = only_run(tmp_path)
    manifest = read_json(run / "manifest.json")
    assert [each for each in manifest["warnings"] if TOLD in each]
    best = manifest["data"]["best_column"]
    assert (best["name"], best["metric"], best["score"]) == ("code", "accuracy", 1.0)
    assert "code: accuracy 1 on held-out rows" in program("report", str(run), "--verbose").out


def test_check_tells_it_unless_the_column_is_ignored(program: Program) -> None:
    assert f"outcomes.yaml: warning: {TOLD}" in program("check", "outcomes.yaml").err
    done = program("check", "outcomes.yaml", "--set", "data.columns.ignore=[code]")
    assert done.code == 0
    assert "alone predicts" not in done.err


@pytest.mark.parametrize(("wrong", "is_told"), [(6, True), (45, False)])
def test_a_column_that_does_as_well_as_the_network_is_told_after_training(
    program: Program, tmp_path: Path, wrong: int, is_told: bool
) -> None:
    """It is not so good that it is told before; the network has no time to be trained."""
    rng = np.random.default_rng(1)
    values = np.arange(200) % 2
    values[:wrong] ^= 1
    lines = [f"{rng.normal():.3f},{value},{'yn'[row % 2]}" for row, value in enumerate(values.tolist())]
    lines = [lines[place] for place in rng.permutation(200).tolist()]
    (tmp_path / "outcomes.csv").write_text("\n".join(["a,spent,label", *lines]), encoding="utf-8")
    quick = ["training.epochs=1", "training.optimizer.learning_rate=1e-6", "search=null"]
    done = program("train", "outcomes.yaml", *(word for each in quick for word in ("--set", each)))
    assert done.code == 0
    told = "warning: the column 'spent' alone does as well as the network: accuracy 0.9"
    assert done.err.count(told) == is_told
    (manifest,) = (read_json(run / "manifest.json") for run in (tmp_path / "runs").iterdir())
    assert any("does as well as the network" in each for each in manifest["warnings"]) == is_told
