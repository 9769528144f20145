"""The scores of a run, recomputed from its predictions, and what scoring takes."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fnnctl.commands.evaluation import score_parts
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.nn.losses import cross_entropy, softmax
from fnnctl.training.members import network_of
from fnnctl.training.memory import training_bytes
from fnnctl.training.scoring import Scorer
from fnnctl.training.trainer import Outcome, TrainedMember
from tests.commands.conftest import Program, read_json

CLASSES, ROWS = 300, 3000


@pytest.fixture
def many_classes(tmp_path: Path) -> Prepared:
    """An experiment on ten rows of each of 300 classes, of two numbers each."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 2)).tolist()
    rows = [f"{x},{z},{row % CLASSES}\n" for row, (x, z) in enumerate(numbers)]
    (tmp_path / "data.csv").write_text("x,z,y\n" + "".join(rows))
    config = tmp_path / "fnnctl.yaml"
    config.write_text("data: {source: data.csv, target: y}\nmodel: {hidden: [8]}\n")
    return prepare(config, [], name=None, seed=1)


def drawn_weights(prepared: Prepared) -> TrainedMember:
    rng, nothing = np.random.default_rng(1), np.empty(0, np.float32)
    parameters = rng.normal(size=prepared.layout.size).astype(np.float32)
    return TrainedMember(parameters, nothing, Outcome.COMPLETED, 1, None, {})


def test_parts_are_scored_as_all_rows_at_once_are(many_classes: Prepared) -> None:
    examples = many_classes.examples()
    trained = drawn_weights(many_classes)
    train = score_parts(many_classes, examples, trained)["train"]
    rows = many_classes.split.train
    network = network_of(
        many_classes.layout, [many_classes.member], trained.parameters[None], trained.statistics[None]
    )
    scores = Scorer(network, examples).scores(rows[None])[0]
    assert train is not None
    assert len(rows) > 1024
    np.testing.assert_allclose(train.probabilities, softmax(scores), rtol=1e-5)
    assert train.loss == pytest.approx(np.mean(cross_entropy(scores, examples.labels[rows])), rel=1e-6)
    np.testing.assert_array_equal(train.labels, many_classes.dataset.labels[rows])


def test_scoring_takes_the_memory_that_was_asked_for(many_classes: Prepared) -> None:
    trained = drawn_weights(many_classes)
    classes = many_classes.dataset.classes
    tracemalloc.start()
    parts = score_parts(many_classes, many_classes.examples(), trained)
    for part in parts.values():
        assert part is not None
        part.metrics(part.ranked(), classes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    estimate = training_bytes(many_classes.settings, rows=ROWS)
    assert estimate > ROWS * CLASSES * 18
    assert 0.7 * estimate < peak < 1.05 * estimate


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
