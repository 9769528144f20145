"""Decisions at a threshold are of use if rows are ranked better than chance and cost less than one answer."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.metrics.ranking import AucEstimate, rank_part
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.classification.warnings import JudgedRows, decision_warning, ranking_warning
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.warnings import TrainingOutcome

HERE = "on the test part"


def area_of(is_positive: BoolArray, scores: FloatArray) -> AucEstimate | None:
    ranked = rank_part(is_positive.astype(np.intp), np.column_stack([1 - scores, scores]))
    return ranked.areas[1]


def rows_of(rows: int, classes: tuple[str, ...] = ("no", "yes")) -> JudgedRows:
    """Rows whose labels and probabilities nothing reads."""
    labels = np.zeros(rows, np.intp)
    return JudgedRows(classes, labels, np.empty((rows, len(classes))), HERE, positive=1)


def test_a_good_ranking_is_of_use_whatever_the_accuracy() -> None:
    """The positive rows have the largest scores, but a low threshold gets most rows wrong."""
    labels = np.repeat([0, 1], [90, 10])
    scores = np.repeat([0.06, 0.46], [90, 10])
    probabilities = np.column_stack([1 - scores, scores])
    part = ClassScores(
        ("no", "yes"), np.arange(100), labels, probabilities, 1.0, None, np.array([0.9, 0.1]), Decision(1)
    )
    assert part.warnings()
    at_threshold = ClassScores(
        ("no", "yes"), np.arange(100), labels, probabilities, 1.0, None, np.array([0.9, 0.1]),
        Decision(1, threshold=0.05),
    )  # fmt: skip
    assert at_threshold.metrics()["accuracy"] < 0.3
    assert at_threshold.warnings() == []


def test_a_random_order_is_of_no_use() -> None:
    is_positive = np.arange(200) % 4 == 0
    area = area_of(is_positive, np.random.default_rng(0).random(200))
    assert area is not None
    told = decision_warning(rows_of(200), area, None)
    assert told is not None
    assert told.sentence.startswith(
        f"the ROC AUC of 'yes' on the test part is {area.area:.3g}, not above 0.5 by more"
    )
    assert "so no threshold separates the classes: try more epochs" in told.sentence


def test_few_rows_are_said_to_be_few() -> None:
    area = area_of(np.array([True, False, False]), np.array([0.9, 0.3, 0.4]))
    told = decision_warning(rows_of(3), area, None)
    assert told is not None
    assert told.sentence.endswith("so no threshold separates the classes: 3 rows are too few to tell")


def test_rows_of_one_class_say_nothing() -> None:
    assert decision_warning(rows_of(9), None, None) is None


@pytest.mark.parametrize(("own", "is_told"), [(0.1, False), (0.9, True), (1.2, True)])
def test_decisions_that_cost_more_than_one_answer_are_of_no_use(own: float, is_told: bool) -> None:
    """Always answering the same costs 1 per row; 0.9 with a large spread may be chance."""
    is_positive = np.arange(60) % 2 == 0
    area = area_of(is_positive, is_positive + np.linspace(0, 0.1, 60))
    spread = np.where(np.arange(60) % 3, -1.0, 2.0) * (0.02 if own < 0.5 else 2.0)
    told = decision_warning(rows_of(60), area, (own + spread, np.ones(60)))
    assert (told is not None) is is_told
    if told:
        said = f"the decisions cost {own:.3g} per row on the test part, which is not less than always"
        assert told.sentence.startswith(said)
        assert ("too few to show a small improvement" in told.sentence) is (own < 1)


@pytest.mark.parametrize(
    ("classes", "said"), [(2, "the ROC AUC of 'b'"), (3, "no class has a ROC AUC above")]
)
def test_a_random_order_after_training_with_class_weights_is_of_no_use(classes: int, said: str) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(300) % 15 % classes
    probabilities = rng.dirichlet(np.ones(classes), 300)
    names, training = ("a", "b", "c")[:classes], TrainingOutcome(has_class_weights=True)
    part = ClassScores(names, np.arange(300), labels, probabilities, 1.0, None, np.full(classes, 1 / classes))
    told = part.warnings(training=training)[0]
    assert told.is_severe
    assert told.sentence.startswith(said)
    probabilities[np.arange(300), labels] += 0.5
    probabilities /= 1.5
    part = ClassScores(names, np.arange(300), labels, probabilities, 1.0, None, np.full(classes, 1 / classes))
    assert part.warnings(training=training) == []


def test_few_rows_of_three_classes_are_said_to_be_few() -> None:
    labels, scores = np.arange(3), np.full((3, 3), 1 / 3)
    told = ranking_warning(rows_of(3, ("a", "b", "c")), rank_part(labels, scores).areas)
    assert told is not None
    assert told.sentence.endswith("; 3 rows are too few to tell")
