"""The messages after training has ended."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.program import Program, only_run, read_json

ONE_LARGE_STEP = [
    *("--set", "training.optimizer={name: sgd, learning_rate: 10}", "--set", "data.scaling=none"),
    *("--set", "training.batch_size=98", "--set", "data.split.test=0"),
]


def test_dead_units_are_reported_everywhere(program: Program, iris: Path, tmp_path: Path) -> None:
    """All features are positive, so one large gradient step leaves every unit inactive for every row."""
    done = program("train", str(iris), *ONE_LARGE_STEP)
    run = only_run(tmp_path)
    with (run / "history.csv").open(newline="") as file:
        dead = [float(row["dead_1"]) for row in csv.DictReader(file)]
    first = 1 + next(epoch for epoch, share in enumerate(dead) if share >= 0.5)
    assert dead[-1] == 1.0
    warning = (
        "100% of the units of hidden layer 1 are dead: relu is 0 for every row (at least 50% of the "
        f"units since epoch {first}). Try a smaller training.optimizer.learning_rate, or "
        "model.activation: leaky_relu"
    )
    assert f"warning: {warning}" in done.err.splitlines()
    assert f"warning: {warning}" in (run / "log.txt").read_text()
    assert warning in read_json(run / "manifest.json")["warnings"]


@pytest.mark.parametrize("batch_size", [1, 98])
def test_the_last_row_of_a_diverged_history_has_no_numbers(
    program: Program, iris: Path, tmp_path: Path, batch_size: int
) -> None:
    changes = ["training.optimizer={name: sgd, learning_rate: 1e6}", "training.l2=1e5", "data.scaling=none"]
    changes.append(f"training.batch_size={batch_size}")
    done = program("train", str(iris), *(part for change in changes for part in ("--set", change)))
    assert done.code == 4
    with (only_run(tmp_path) / "history.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert f"diverged in epoch {last.pop('epoch')}:" in done.err
    assert float(last.pop("learning_rate")) == 1e6
    assert set(last.values()) == {"nan"}
    assert program("report", "--json").code == 0


WILD = ("--set", "training.optimizer={name: rmsprop, learning_rate: 100000}")


def test_folds_whose_loss_exploded_give_a_warning(program: Program, iris: Path) -> None:
    done = program("evaluate", str(iris), "--folds", "2", "--repeats", "1", *WILD)
    assert done.code == 0
    assert "warning: validation_loss exploded in 2 of 2 folds: it ended at " in done.err


FAR = "1e300,0,a\n" * 8 + "".join(f"{k % 7},{k % 5},{'ab'[k % 2]}\n" for k in range(60))


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_lbfgs_has_no_learning_rate_that_could_be_smaller(
    program: Program, tmp_path: Path, command: str
) -> None:
    (tmp_path / "far.csv").write_text(f"x,y,label\n{FAR}")
    (tmp_path / "far.yaml").write_text(
        "recipe: classic\ndata: {source: far.csv, target: label, scaling: none}\n"
        "training: {optimizer: lbfgs, precision: float32, epochs: 3}\n"
    )
    done = program(command, "far.yaml")
    assert done.code == 4
    assert done.err.splitlines()[-1].partition(". The history")[0].partition(": ")[2] == (
        "the loss became non-finite. Try data.scaling: standardize, or a larger training.l2, or another "
        "training.optimizer, such as adam"
    )
