"""Class weights: the probabilities are those of the classes' frequencies, and decisions stay as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.model import Calibration, ModelConfig
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.temperature import calibrated, fit_with_weights
from tests.program import Program, read_json

WEIGHTS = {2: (0.6, 3.0), 3: (0.5, 2.0, 5.0)}
CALIBRATIONS: tuple[Calibration, ...] = get_args(Calibration)


def task_of(classes: int) -> Classification:
    return Classification("y", ("a", "b", "c", "d")[:classes])


def decoder_of(
    classes: int, weights: tuple[float, ...] | None, *, positive: int = 1, temperature: float | None = None
) -> OutputDecoder:
    decoder = task_of(classes).output_decoder(ModelConfig(), np.arange(classes))
    decision = Decision(positive) if classes == 2 else None
    return replace(decoder, decision=decision, temperature=temperature).weighted(weights)


def drawn(classes: int, rows: int = 400, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Scores, float32, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    scores = rng.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[labels]
    return scores.astype(np.float32), labels


def labels_of(classes: int, scores: FloatArray, decoder: OutputDecoder) -> list[Any]:
    return [row[0] for row in task_of(classes).predict(scores, decoder)[0]]


def most_likely(classes: int, scores: FloatArray) -> list[Any]:
    """The classes that the network itself prefers."""
    return [task_of(classes).classes[k] for k in scores.argmax(axis=1)]


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        ("balanced", (4 / 6, 2.0)),
        ({"b": 3.0}, (1.0, 3.0)),
        ({"a": 2.0, "b": 2.0}, None),
        ({"a": 0.0, "b": 5.0}, (1.0, 5.0)),
        (None, None),
    ],
)
def test_the_weights_of_each_class(given: Any, weights: tuple[float, ...] | None) -> None:
    training = TrainingConfig(class_weights=given)
    assert task_of(2).class_weights(training, np.array([0, 0, 0, 1])) == weights


def test_probabilities_by_hand() -> None:
    """Weights of 1 and 4 make the odds of the second class four times too large: 4:1 is 1:1."""
    scores = np.log(np.array([[0.2, 0.8], [0.5, 0.5]]))
    assert softmax(calibrated(scores, None, (1.0, 4.0)))[:, 1] == pytest.approx([0.5, 0.2])
    # the temperature comes first
    assert softmax(calibrated(scores, 2.0, (1.0, 4.0)))[:, 1] == pytest.approx([2 / 6, 0.2])
    assert calibrated(scores, None) is scores
    assert calibrated(np.array([[1.0, 3.0]], np.float32), 3.0).tolist() == [[1 / 3, 1.0]]


@pytest.mark.parametrize(("positive", "temperature"), [(0, None), (1, 0.4), (1, 3.0)])
def test_of_two_classes_the_threshold_gives_the_same_labels(positive: int, temperature: float | None) -> None:
    scores, _ = drawn(2)
    decoder = decoder_of(2, WEIGHTS[2], positive=positive, temperature=temperature)
    assert labels_of(2, scores, decoder) == most_likely(2, scores)
    probabilities = task_of(2).predict(scores, decoder)[1]
    own, other = WEIGHTS[2][positive], WEIGHTS[2][1 - positive]
    assert decoder.decision is not None
    assert decoder.decision.effective == other / (own + other)
    assert (probabilities.argmax(axis=1) != scores.argmax(axis=1)).any()


@given(
    weights=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=4),
    temperature=st.none() | st.floats(0.01, 100),
    seed=st.integers(0, 1000),
)
def test_of_more_classes_the_largest_product_gives_the_same_labels(
    weights: list[float], temperature: float | None, seed: int
) -> None:
    classes = len(weights)
    scores, labels = drawn(classes, 50, seed)
    decoder = decoder_of(classes, tuple(weights), temperature=temperature)
    assert labels_of(classes, scores, decoder) == most_likely(classes, scores)
    part = task_of(classes).score(np.arange(50), labels, [scores], decoder)
    assert part.predictions.tolist() == scores.argmax(axis=1).tolist()
    assert part.probabilities.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("wanted", ["f1", "youden", {"cost": {"false_negative": 4.0}}])
def test_chosen_thresholds_decide_as_without_the_correction(wanted: Any) -> None:
    """Also where several thresholds are equally good."""
    scores, labels = drawn(2, 60)
    post_training = PostTraining.of(ModelConfig.model_validate({"threshold": wanted}))
    others, _ = drawn(2, 300, seed=1)
    found = [
        labels_of(2, others, post_training.fit(task_of(2), decoder_of(2, weights), scores, labels))
        for weights in (None, WEIGHTS[2])
    ]
    assert found[0] == found[1]


def test_a_given_threshold_is_one_of_the_corrected_probabilities() -> None:
    scores, labels = drawn(2)
    post_training = PostTraining(threshold=0.3)
    decoder = post_training.fit(task_of(2), decoder_of(2, WEIGHTS[2]), scores, labels)
    probabilities = task_of(2).predict(scores, decoder)[1]
    expected = np.where(probabilities[:, 1] >= 0.3, "b", "a").tolist()
    assert labels_of(2, scores, decoder) == expected
    assert decoder.threshold == 0.3


@pytest.mark.parametrize(
    ("calibration", "realized"),
    [("temperature", 0.0), *((calibration, 0.6) for calibration in CALIBRATIONS), ("none", 1.0)],
)
def test_weights_that_had_less_effect_in_training_are_corrected_less(
    calibration: Calibration, realized: float
) -> None:
    """Scores are calibrated once corrected."""
    rng = np.random.default_rng(5)
    true, weights = rng.normal(size=(20_000, 3)), (1.0, 4.0, 0.5)
    labels = (rng.random((len(true), 1)) > softmax(true).cumsum(axis=1)).sum(axis=1)
    scores = (1 if calibration == "none" else 2) * (true + realized * np.log(weights))
    decoder = task_of(3).with_calibration(decoder_of(3, weights), calibration, scores, labels)
    assert decoder.temperature == (None if calibration == "none" else pytest.approx(2.0, rel=0.05))
    assert decoder.class_weights == pytest.approx([weight**realized for weight in weights], rel=0.05)
    assert labels_of(3, scores, decoder) == most_likely(3, scores)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
@given(seed=st.integers(0, 1000), sharpness=st.floats(0.01, 100), rows=st.integers(1, 80))
def test_no_other_temperature_and_share_are_better(
    calibration: Calibration, seed: int, sharpness: float, rows: int
) -> None:
    scores, labels = drawn(3, rows, seed)
    weights = np.array(WEIGHTS[3])

    def risk(beta: float, share: float) -> float:
        logs = log_softmax(beta * sharpness * scores.astype(np.float64) - share * np.log(weights), axis=1)
        prior = 10 * (share - 1) ** 2 / 2
        if calibration == "shrunk_temperature":
            prior += 10 * (beta - 1 - np.log(beta))
        return float(prior - logs[np.arange(rows), labels].sum())

    found = fit_with_weights(sharpness * scores.astype(np.float64), labels, WEIGHTS[3], calibration)
    if found is None:
        assert calibration == "temperature"
        return
    beta, share = 1 / (found[0] or 1.0), found[1]
    least = risk(beta, share)
    of_beta = () if calibration == "none" else ((0.9, 0), (1.1, 0), (1.05, 0.05), (0.95, 0.05))
    for factor, more in (*of_beta, (1, 0.1), (1, -0.1)):
        assert least <= risk(beta * factor, share + more) + 1e-9


@pytest.mark.parametrize("scores", [np.eye(3) * 40, np.eye(3) * 1e25, np.full((3, 3), np.nan)])
def test_without_a_best_temperature_the_power_is_still_a_number(scores: FloatArray) -> None:
    """The rows are classified correctly, or the scores are useless."""
    decoder = task_of(3).with_calibration(decoder_of(3, WEIGHTS[3]), "temperature", scores, np.arange(3))
    assert decoder.temperature is None
    assert decoder.class_weights == pytest.approx(WEIGHTS[3])


@pytest.mark.parametrize(
    ("ensemble", "calibration"), [("1", "shrunk_temperature"), ("{members: 3, bags: true}", "none")]
)
def test_the_weights_that_are_corrected_for_are_stored(
    iris: Path, program: Program, ensemble: str, calibration: str
) -> None:
    """A single network and an ensemble are read back with the weights that were fitted."""
    weights = "training.class_weights={setosa: 8, virginica: 0.2}"
    changes = (weights, f"model.calibration={calibration}", f"model.ensemble={ensemble}")
    words = [word for change in changes for word in ("--set", change)]
    done = program("train", str(iris), *words, "--json", "--quiet", "--no-figures")
    stored = read_json(Path(done.json["run"]) / "model.json")["class_weights"]
    assert stored[1] == 1
    assert 1 < stored[0] != 8
    assert np.log(stored[2]) / np.log(0.2) == pytest.approx(np.log(stored[0]) / np.log(8))
    assert "to the last digit" in program("evaluate", done.json["run"]).err


def test_an_ensemble_is_corrected_after_averaging_if_all_networks_have_the_same_weights() -> None:
    task, scores = task_of(3), [drawn(3, seed=seed)[0] for seed in range(4)]
    own = decoder_of(3, WEIGHTS[3])
    joint = task.joint_decoder([own, own])
    assert joint.class_weights == WEIGHTS[3]
    combined = task.combine([task.converted(of_network, own, joint) for of_network in scores], joint)
    assert combined.tolist() == task.combine(scores, joint).tolist()
    assert labels_of(3, combined, joint) == most_likely(3, combined)


def test_networks_with_other_weights_are_corrected_before_averaging() -> None:
    task, (scores, _) = task_of(2), drawn(2)
    own, other = decoder_of(2, WEIGHTS[2]), decoder_of(2, None)
    joint = task.joint_decoder([own, other])
    assert (joint.class_weights, joint.decision) == (None, Decision())
    corrected = softmax(task.converted(scores, own, joint))
    assert corrected.tolist() == task.predict(scores, own)[1].tolist()
    assert task.converted(scores, other, joint) is scores


@pytest.mark.parametrize("extreme", [5e-324, 1e9])
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_extreme_weights_leave_finite_probabilities(calibration: Calibration, extreme: float) -> None:
    scores, labels = drawn(2)
    decoder = task_of(2).with_calibration(decoder_of(2, (1.0, extreme)), calibration, scores, labels)
    part = task_of(2).score(np.arange(len(labels)), labels, [scores], decoder)
    assert np.isfinite(part.probabilities).all()
    assert 0 <= part.metrics()["threshold"] <= 1
