"""The scores of a run, recomputed from its predictions, and the memory that scoring takes."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.modelling.predictor import score_parts
from fnnctl.modelling.saved_model import load_model
from fnnctl.nn.shape import OutputShape
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.classification.scores import class_scores
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.temperature import fit_temperature
from fnnctl.training.memory import training_bytes
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program, read_json, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

CLASSES, ROWS = 300, 3000


@pytest.fixture
def many_classes(tmp_path: Path) -> Prepared:
    """An experiment with 300 classes of ten rows each and two numeric columns."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 2)).tolist()
    rows = [f"{x},{z},{row % CLASSES}\n" for row, (x, z) in enumerate(numbers)]
    (tmp_path / "data.csv").write_text("x,z,y\n" + "".join(rows))
    config = tmp_path / "fnnctl.yaml"
    config.write_text("recipe: classic\ndata: {source: data.csv, target: y}\nmodel: {hidden: [8]}\n")
    return prepare(config, [], seed=1)


def test_scoring_takes_the_memory_that_was_asked_for(many_classes: Prepared) -> None:
    layout = many_classes.fit.layout
    parameters = np.random.default_rng(1).normal(size=layout.size).astype(np.float32)
    predictor = many_classes.predictor(parameters, np.empty(0, np.float32))
    tracemalloc.start()
    for part in score_parts(
        predictor, many_classes.data, many_classes.examples(), many_classes.split
    ).values():
        assert part is not None
        part.metrics()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    estimate = training_bytes(many_classes.fit.settings, rows=ROWS)
    assert estimate > ROWS * CLASSES * 18
    assert 0.7 * estimate < peak < 1.05 * estimate


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_loss_is_that_of_the_predictions(program: Program, iris: Path, precision: str) -> None:
    """The loss is −mean log of the label's probability, without the penalty, although λ is large here."""
    changes = ("--set", "training.l2=0.5", "--set", f"training.precision={precision}")
    run = Path(program("train", str(iris), *changes, "--json").json["run"])
    rows = read_rows(run / "predictions.csv")
    loss = -np.mean([np.log(float(row[f"p_{row['label']}"])) for row in rows])
    metrics = read_json(run / "metrics.json")
    assert metrics["test"]["loss"] == pytest.approx(loss, rel=1e-6)
    assert metrics["test"]["accuracy"] == np.mean([row["label"] == row["prediction"] for row in rows])
    assert len({metrics[part]["loss"] for part in ("train", "validation", "test")}) == 3


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_probabilities(run: Path) -> FloatArray:
    rows = read_rows(run / "predictions.csv")
    return np.array([[float(row[name]) for name in row if name.startswith("p_")] for row in rows])


def test_the_temperature_is_the_only_difference(program: Program, iris: Path) -> None:
    """The same network, with probabilities raised to the power 1/T and normalized."""
    plain, calibrated = (
        Path(program("train", str(iris), "--set", f"model.calibration={kind}", "--json").json["run"])
        for kind in ("none", "temperature")
    )
    model = read_json(calibrated / "model.json")
    temperature = model["temperature"]
    assert read_json(calibrated / "manifest.json")["calibration"] == {"temperature": temperature}
    assert read_json(plain / "manifest.json")["calibration"] is None
    assert read_json(plain / "model.json") == {**model, "temperature": None}
    powers = read_probabilities(plain) ** (1 / temperature)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(read_probabilities(calibrated), expected, rtol=1e-9)
    metrics = [read_json(run / "metrics.json") for run in (plain, calibrated)]
    error = "expected_calibration_error"
    for part in ("train", "validation", "test"):
        before, after = (of_run[part] for of_run in metrics)
        assert before["loss_uncalibrated"] is before[f"{error}_uncalibrated"] is None
        assert after["loss_uncalibrated"] == before["loss"]
        assert after[f"{error}_uncalibrated"] == pytest.approx(before[error], rel=1e-12)
        assert after["accuracy"] == before["accuracy"]
        assert after["loss"] == pytest.approx(after["log_loss"])
    assert metrics[1]["validation"]["loss"] < metrics[0]["validation"]["loss"]


def test_the_temperature_is_that_of_the_validation_part(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), "--set", "model.calibration=temperature")
    again = prepare(iris)
    rows, predictor = again.split.validation, load_model(RunFolder(run), print).predictor
    scores = np.concatenate([*predictor.pool_scores(again.examples(), rows)])
    assert predictor.decoder.temperature == fit_temperature(scores, again.data.targets[rows])


def test_scores_among_more_classes_in_another_order() -> None:
    """By hand: q is decided from 0.3 on; r is unknown."""
    decoder = OutputDecoder(OutputShape(2, "softmax"), (0.5, 0.5), decision=Decision(1, threshold=0.3))
    shares = np.array([[0.6, 0.4], [0.8, 0.2], [0.1, 0.9]])
    part = class_scores(("p", "q"), np.arange(3), np.array([1, 0, 0]), [np.log(shares)], decoder)
    scores = part.among(("r", "q", "p"), np.array([1, 2, 0]))
    assert scores.probabilities.round(12).tolist() == [[0, 0.4, 0.6], [0, 0.2, 0.8], [0, 0.9, 0.1]]
    assert scores.predictions.tolist() == [1, 2, 1]
    assert scores.positive is None
    assert scores.losses == pytest.approx([-np.log(0.4), -np.log(0.8), np.inf])
    measured = scores.measure("accuracy")
    assert measured is not None
    assert measured.value == pytest.approx(2 / 3)
    assert scores.confusion().tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    same = part.among(("q", "p"), np.array([0, 1, 1]))
    assert (same.positive, same.predictions.tolist()) == (0, [0, 1, 0])
    assert same.subset(np.array([0, 2])).predictions.tolist() == [0, 0]
