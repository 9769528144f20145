"""The scores of a run, recomputed from its predictions, and the memory that scoring takes."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.modelling.predictor import score_parts
from fnnctl.nn.losses.cross_entropy import cross_entropy, softmax
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import PartScores
from fnnctl.tasks.temperature import fit_temperature
from fnnctl.training.members import make_network
from fnnctl.training.memory import training_bytes
from fnnctl.training.scoring import Scorer
from fnnctl.training.trainer import Outcome, TrainedMember
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program, read_json

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


def drawn_weights(prepared: Prepared, seed: int = 1) -> TrainedMember:
    rng, nothing = np.random.default_rng(seed), np.empty(0, np.float32)
    parameters = rng.normal(size=prepared.fit.layout.size).astype(np.float32)
    return TrainedMember(parameters, nothing, Outcome.COMPLETED, 1, None, {})


def parts_of(prepared: Prepared, trained: TrainedMember) -> dict[str, PartScores | None]:
    predictor = prepared.predictor(trained.parameters, trained.statistics)
    return score_parts(predictor, prepared.data, prepared.examples(), prepared.split)


def scores_of(prepared: Prepared, trained: TrainedMember, rows: IntArray) -> FloatArray:
    """The network's scores of these rows, at once."""
    weights = trained.parameters[None], trained.statistics[None]
    network = make_network(prepared.fit.layout, [prepared.member], *weights)
    return Scorer(network, prepared.examples()).scores(rows[None])[0]


def test_parts_are_scored_as_all_rows_at_once_are(many_classes: Prepared) -> None:
    trained, rows = drawn_weights(many_classes), many_classes.split.train
    scores = scores_of(many_classes, trained, rows)
    train = parts_of(many_classes, trained)["train"]
    assert isinstance(train, ClassScores)
    assert len(rows) > 1024
    np.testing.assert_allclose(train.probabilities, softmax(scores), rtol=1e-5)
    targets = many_classes.examples().targets[rows]
    assert train.loss == pytest.approx(np.mean(cross_entropy(scores, targets)), rel=1e-6)
    np.testing.assert_array_equal(train.labels, many_classes.data.targets[rows])


def test_scoring_takes_the_memory_that_was_asked_for(many_classes: Prepared) -> None:
    trained = drawn_weights(many_classes)
    tracemalloc.start()
    parts = parts_of(many_classes, trained)
    for part in parts.values():
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


def test_the_temperature_is_that_of_the_validation_part(iris: Path) -> None:
    asked = prepare(iris, ["model.calibration=temperature"], seed=1)
    trained, rows = drawn_weights(asked, seed=4), asked.split.validation
    expected = fit_temperature(scores_of(asked, trained, rows), asked.data.targets[rows])
    assert expected is not None
    predictor = asked.predictor(trained.parameters, trained.statistics)
    assert predictor.decoder.temperature is None
    finished = predictor.calibrated(PostTraining("temperature"), asked.data, asked.examples(), rows)
    assert finished.decoder.temperature == expected


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
    np.testing.assert_allclose(
        read_probabilities(calibrated), powers / powers.sum(axis=1, keepdims=True), rtol=1e-9
    )
    before, after = read_json(plain / "metrics.json"), read_json(calibrated / "metrics.json")
    for part in ("train", "validation", "test"):
        assert before[part]["loss_uncalibrated"] is None
        assert after[part]["loss_uncalibrated"] == before[part]["loss"]
        name = "expected_calibration_error"
        assert before[part][f"{name}_uncalibrated"] is None
        assert after[part][f"{name}_uncalibrated"] == pytest.approx(before[part][name], rel=1e-12)
        assert after[part]["accuracy"] == before[part]["accuracy"]
        assert after[part]["loss"] == pytest.approx(after[part]["log_loss"])
    assert after["validation"]["loss"] < before["validation"]["loss"]


def test_a_validation_part_without_an_error_calibrates_nothing(program: Program, tmp_path: Path) -> None:
    rows = [f"{10 * (row % 2)},{'ab'[row % 2]}\n" for row in range(60)]
    (tmp_path / "data.csv").write_text("x,y\n" + "".join(rows))
    (tmp_path / "easy.yaml").write_text(
        "recipe: classic\n"
        "data: {source: data.csv, target: y}\nmodel: {hidden: [], calibration: temperature}\n"
        "training: {epochs: 20, optimizer: {learning_rate: 0.1}}\n"
    )
    done = program("train", "easy.yaml", "--json")
    run = Path(done.json["run"])
    warning = "cannot calibrate: the 9 validation rows determine no best temperature"
    assert done.code == 0
    for text in (done.err, read_json(run / "manifest.json")["warnings"][-1], (run / "log.txt").read_text()):
        assert warning in text
    assert read_json(run / "model.json")["temperature"] is None
    assert done.json["metrics"]["test"]["loss_uncalibrated"] is None
