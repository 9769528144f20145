"""The scores of a run, recomputed from its predictions."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.commands.conftest import Program, read_json


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_loss_is_that_of_the_predictions(program: Program, iris: Path, precision: str) -> None:
    """−mean log of the label's probability, without the penalty: λ is large here."""
    changes = ("--set", "training.l2=0.5", "--set", f"training.precision={precision}")
    run = Path(program("train", str(iris), *changes, "--json").json["run"])
    with (run / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    loss = -np.mean([np.log(float(row[f"p_{row['label']}"])) for row in rows])
    metrics = read_json(run / "metrics.json")
    assert metrics["test"]["loss"] == pytest.approx(loss, rel=1e-6)
    assert metrics["test"]["accuracy"] == np.mean([row["label"] == row["prediction"] for row in rows])
    losses = [metrics[part]["loss"] for part in ("train", "validation", "test")]
    assert len(set(losses)) == 3


def test_the_last_epochs_scores_are_the_runs(program: Program, iris: Path) -> None:
    """Without early stopping, history.csv ends with the validation scores of metrics.json."""
    run = Path(program("train", str(iris), "--set", "training.early_stopping=null", "--json").json["run"])
    with (run / "history.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    validation = read_json(run / "metrics.json")["validation"]
    for metric in ("loss", "accuracy", "balanced_accuracy", "f1_macro"):
        assert float(last[f"validation_{metric}"]) == pytest.approx(validation[metric], rel=1e-6)
