"""A network that knows nothing is said to know nothing, once, by every command that scores one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.program import Program, only_run, read_json

NOT_BETTER = "is not better than always predicting"
CONFIG = """
recipe: classic
data: {source: noise.csv, target: label}
model: {hidden: [4]}
training: {epochs: 5}
"""


@pytest.fixture(autouse=True)
def noise(tmp_path: Path) -> None:
    """Two classes of equal size, and a column that has nothing to do with them."""
    values = np.random.default_rng(0).normal(size=200)
    lines = [f"{value:.3f},{'yes' if row % 2 else 'no'}" for row, value in enumerate(values)]
    (tmp_path / "noise.csv").write_text("\n".join(["a,label", *lines]), encoding="utf-8")
    (tmp_path / "noise.yaml").write_text(CONFIG, encoding="utf-8")


def test_train_and_evaluate_say_it(program: Program, tmp_path: Path) -> None:
    done = program("train", "noise.yaml", "--runs-dir", "runs")
    assert done.code == 0
    assert done.err.count(NOT_BETTER) == 1
    run = only_run(tmp_path)
    (warning,) = (each for each in read_json(run / "manifest.json")["warnings"] if NOT_BETTER in each)
    assert f"warning: {warning}" in done.err
    assert "is not better than" in program("report", str(run)).out  # the short report cuts it at 80 columns
    assert NOT_BETTER in " ".join(program("report", str(run), "--verbose").out.split())
    again = program("evaluate", str(run))
    assert f"warning: {warning}" in again.err
    on_file = program("evaluate", str(run), "--data", "noise.csv", "--runs-dir", "new/runs")
    assert "on noise.csv" in on_file.err
    assert NOT_BETTER in " ".join(read_json(only_run(tmp_path / "new") / "manifest.json")["warnings"])


def test_a_cross_validation_says_it_about_all_rows(program: Program) -> None:
    done = program("evaluate", "noise.yaml", "--folds", "3", "--repeats", "2", "--workers", "1")
    assert done.code == 0
    assert done.err.count(NOT_BETTER) == 1
    assert "out of fold" in done.err


def test_a_search_says_it_about_its_refitted_trial(program: Program, tmp_path: Path) -> None:
    space = "search.space={training.optimizer.learning_rate: {choice: [0.01, 0.1]}}"
    options = ["--method", "grid", "--workers", "1", "--runs-dir", "runs"]
    done = program("search", "noise.yaml", *options, "--set", space)
    assert done.code == 0
    assert done.err.count(NOT_BETTER) == 1
    run = only_run(tmp_path)
    (warning,) = (each for each in read_json(run / "manifest.json")["warnings"] if NOT_BETTER in each)
    assert warning.startswith("the refitted trial ")
    assert NOT_BETTER in " ".join(read_json(run / "best" / "manifest.json")["warnings"])


def test_with_weights_in_the_loss_nothing_is_said(program: Program) -> None:
    """Such a network is not trained to be right in most rows."""
    done = program("train", "noise.yaml", "--set", "training.class_weights={yes: 2}", "--runs-dir", "runs")
    assert done.code == 0
    assert NOT_BETTER not in done.err
    done = program("evaluate", "latest", "--data", "noise.csv", "--runs-dir", "runs")
    assert done.code == 0
    assert NOT_BETTER not in done.err


def test_a_class_that_is_hardly_found_is_told_once(program: Program, tmp_path: Path) -> None:
    """Most rows of the rare class look like others; a few can be told, which beats the baseline."""
    lines = [f"{row % 10},{'rare' if row % 10 == 0 and row % 3 else 'common'}" for row in range(600)]
    lines += [f"{100 + row % 3},third" for row in range(60)]
    (tmp_path / "noise.csv").write_text("\n".join(["a,label", *lines]), encoding="utf-8")
    options = ["--set", "training.optimizer.learning_rate=0.05", "--set", "training.epochs=20"]
    told = "rows of the class 'rare' "
    done = program("train", "noise.yaml", *options, "--runs-dir", "runs")
    assert (done.code, done.err.count(told), done.err.count(NOT_BETTER)) == (0, 1, 0)
    manifest = read_json(only_run(tmp_path) / "manifest.json")
    assert [each for each in manifest["warnings"] if told in each and "class_weights: balanced" in each]
    assert program("evaluate", "latest").err.count(told) == 1
    folds = program("evaluate", "noise.yaml", *options, "--folds", "2", "--repeats", "1")
    assert folds.err.count(f"{told}out of fold") == 1


def test_warnings_about_the_scores_come_before_those_about_the_data(program: Program, tmp_path: Path) -> None:
    lines = (tmp_path / "noise.csv").read_text("utf-8").splitlines()
    table = ["constant," + lines[0], *(f"1,{line}" for line in lines[1:])]
    (tmp_path / "noise.csv").write_text("\n".join(table), encoding="utf-8")
    assert program("train", "noise.yaml", "--runs-dir", "runs").code == 0
    warnings = read_json(only_run(tmp_path) / "manifest.json")["warnings"]
    assert NOT_BETTER in warnings[0]
    assert "'constant'" in warnings[-1]
