"""Decisions between two classes: predictions, costs, metrics, and where they are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, roc_auc_score

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.experiment import Experiment
from fnnctl.metrics.decisions import Costs
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.decisions import Decision, cheapest_answer, predicted_classes, row_costs
from fnnctl.tasks.decoder import FittedValues, OutputDecoder
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.task import Task
from fnnctl.tasks.temperature import fit_temperature
from tests.messages import Messages

TASK = Classification("y", ("no", "yes"))
COSTS = {"cost": {"false_positive": 2.0, "false_negative": 7.0}}
OTHERS: list[Task] = [Classification("y", ("a", "b", "c")), Regression("y")]


def experiment(**sections: Any) -> Experiment:
    data = {"source": "a.csv", **sections.pop("data", {})}
    return Experiment.model_validate({"data": data, **sections})


def decoder_of(asked: Experiment, labels: Any) -> OutputDecoder:
    return replace(TASK.output_decoder(asked.model, labels), decision=TASK.decision(asked))


def drawn(rows: int, seed: int = 0) -> tuple[Any, FloatArray]:
    """Labels and scores that say something about them."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.3).astype(np.intp)
    scores = rng.normal(size=(rows, 2))
    scores[:, 1] += 1.5 * labels - 1
    return labels, scores


def scored(labels: Any, scores: FloatArray, decoder: OutputDecoder) -> ClassScores:
    return TASK.score(np.arange(len(labels)), labels, [scores], decoder)


@pytest.mark.parametrize(
    ("model", "data", "index"),
    [
        ({}, {}, 1),
        ({}, {"positive_class": "no"}, 0),
        ({}, {"positive_class": "yes"}, 1),
        ({"output": {"name": "logistic", "positive_class": "no"}}, {}, 0),
        ({"output": "logistic"}, {}, 1),
        ({"output": "logistic"}, {"positive_class": "no"}, 0),
    ],
)
def test_the_positive_class_is_that_of_the_data_or_of_the_output_or_the_second(
    model: dict[str, Any], data: dict[str, Any], index: int
) -> None:
    assert TASK.decision(experiment(model=model, data=data)) == Decision(index)


def test_only_two_classes_have_a_decision() -> None:
    assert TASK.decision(experiment(model={"threshold": COSTS})) == Decision(1, Costs(2.0, 7.0))
    assert [task.decision(experiment()) for task in OTHERS] == [None, None]


def test_by_default_the_more_probable_class_is_predicted_and_of_two_equal_ones_the_first() -> None:
    probabilities = np.array([[0.5, 0.5], [0.4, 0.6], [0.6, 0.4]])
    for decision in (None, Decision(0), Decision(1)):
        assert predicted_classes(probabilities, decision).tolist() == [0, 1, 0]
    assert predicted_classes(probabilities, Decision(1, threshold=0.5)).tolist() == [1, 1, 0]
    assert predicted_classes(probabilities, Decision(0, threshold=0.6)).tolist() == [1, 1, 0]
    assert predicted_classes(probabilities, Decision(0, threshold=0.0)).tolist() == [0, 0, 0]


def test_costs_by_hand() -> None:
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    costs = Costs(false_positive=2.0, false_negative=7.0)
    assert row_costs(Decision(1), costs, labels, predicted).tolist() == [0, 2, 7, 0]
    assert row_costs(Decision(0), costs, labels, predicted).tolist() == [0, 7, 2, 0]
    # With 20 % positive rows: always positive costs 0.8·2 = 1.6, always negative 0.2·7 = 1.4.
    shares = np.array([[0.8, 0.2], [0.7, 0.3]])
    assert cheapest_answer(Decision(1), costs, shares).tolist() == [0, 1]


@pytest.mark.parametrize("positive", ["no", "yes"])
@pytest.mark.parametrize("threshold", ["f1", "youden", COSTS, 0.2])
def test_metrics_are_scikit_learns_for_the_decisions(threshold: Any, positive: str) -> None:
    asked = experiment(model={"threshold": threshold}, data={"positive_class": positive})
    labels, scores = drawn(300)
    decoder = PostTraining.of(asked.model).fit(TASK, decoder_of(asked, labels), scores, labels)
    new_labels, new_scores = drawn(200, seed=1)
    part = scored(new_labels, new_scores, decoder)
    index = TASK.classes.index(positive)
    is_positive = softmax(new_scores)[:, index] >= (decoder.threshold or 0.5)
    predicted = np.where(is_positive, index, 1 - index)
    assert (predicted != new_scores.argmax(axis=1)).any()
    metrics = part.metrics()
    assert metrics["threshold"] == decoder.threshold
    assert metrics["accuracy"] == accuracy_score(new_labels, predicted)
    assert metrics["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(new_labels, predicted))
    assert metrics["f1_macro"] == pytest.approx(f1_score(new_labels, predicted, average="macro"))
    own = f1_score(new_labels, predicted, pos_label=index)
    assert metrics["per_class"][positive]["f1"] == pytest.approx(own)
    assert metrics["per_class"]["yes"]["roc_auc"] == pytest.approx(
        roc_auc_score(new_labels, softmax(new_scores)[:, 1])
    )
    counts = confusion_matrix(new_labels, predicted)
    assert part.confusion().tolist() == counts.tolist()
    rows = [part.classes[k] for k in predicted]
    assert [row[2] for row in part.prediction_rows()] == rows
    assert [row[0] for row in TASK.predict(new_scores, decoder)[0]] == rows
    assert ("cost" in metrics) is (threshold == COSTS)
    if threshold == COSTS:
        wrong = 2 * counts[1 - index, index] + 7 * counts[index, 1 - index]
        assert metrics["cost"] == pytest.approx(wrong / 200)
        shares = np.bincount(labels) / 300
        answer = index if 7 * shares[index] > 2 * shares[1 - index] else 1 - index
        missed = np.sum(new_labels != answer) * (2 if answer == index else 7)
        assert metrics["baseline"]["cost"] == pytest.approx(missed / 200)


@pytest.mark.parametrize("threshold", ["f1", "youden", COSTS])
def test_the_threshold_is_chosen_after_calibration(threshold: Any) -> None:
    """Calibration moves all probabilities towards or away from 1/2, and the threshold with them."""
    asked = experiment(model={"threshold": threshold, "calibration": "temperature"})
    labels, scores = drawn(300)
    post_training = PostTraining.of(asked.model)
    decoder = post_training.fit(TASK, decoder_of(asked, labels), 5 * scores, labels)
    assert decoder.temperature == fit_temperature(5 * scores, labels)
    plain = PostTraining(threshold=asked.model.threshold).fit(
        TASK, decoder_of(asked, labels), 5 * scores / (decoder.temperature or 1.0), labels
    )
    assert decoder.threshold == pytest.approx(plain.threshold)


def test_the_default_changes_nothing() -> None:
    labels, scores = drawn(50)
    asked = experiment()
    decoder = PostTraining.of(asked.model).fit(TASK, decoder_of(asked, labels), scores[:0], labels[:0])
    assert decoder == decoder_of(asked, labels)
    assert decoder.fitted == FittedValues()
    decided, undecided = (
        scored(labels, scores, replace(decoder, decision=decision)).metrics()
        for decision in (decoder.decision, None)
    )
    of_two_classes = {
        "precision", "recall", "f1", "roc_auc", "roc_auc_ci95", "average_precision",
        "expected_calibration_error_positive", "best_f1",
    }  # fmt: skip
    assert decided.keys() - undecided.keys() == of_two_classes
    common = undecided.keys() - {"baseline"}
    assert {name: decided[name] for name in common} == {name: undecided[name] for name in common}


def test_an_ensemble_has_the_positive_class_and_the_costs_but_no_threshold() -> None:
    asked = experiment(model={"threshold": COSTS}, data={"positive_class": "no"})
    own = decoder_of(asked, np.array([0, 1])).with_threshold(0.3)
    joint = TASK.joint_decoder([own, own])
    assert joint.decision == Decision(0, Costs(2.0, 7.0))


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_rows_of_one_class_determine_no_threshold(messages: Messages, labels: list[int]) -> None:
    asked, given = experiment(model={"threshold": "f1"}), np.array(labels)
    post_training = PostTraining.of(asked.model)
    decoder = post_training.fit(TASK, decoder_of(asked, given), np.zeros((3, 2)), given)
    assert decoder.threshold is None
    (warning,) = post_training.warnings(decoder, rows=3)
    messages.check(warning)


@pytest.mark.parametrize("task", [TASK, *OTHERS], ids=["two classes", "three classes", "amounts"])
def test_decisions_that_the_target_cannot_have(messages: Messages, task: Task) -> None:
    for problem in task.check(experiment(model={"threshold": "f1"}, data={"positive_class": "yse"})):
        messages.check(problem)
    assert task.check(experiment(model={"threshold": 0.5})) == []


def test_a_threshold_of_two_classes_is_chosen_by_rows_of_both() -> None:
    decoder = decoder_of(experiment(), np.array([0]))
    with pytest.raises(ValueError, match="two classes"):
        TASK.choose_threshold(0.3, np.zeros((1, 2)), np.array([0]), decoder)
