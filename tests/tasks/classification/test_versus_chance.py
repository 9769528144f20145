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
from tests.messages import Messages

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
    labels, scores = np.repeat([0, 1], [90, 10]), np.repeat([0.06, 0.46], [90, 10])
    rows = np.arange(100), labels, np.column_stack([1 - scores, scores])
    shares = np.array([0.9, 0.1])
    part, at_threshold = (
        ClassScores(("no", "yes"), *rows, 1.0, None, shares, Decision(1, threshold=threshold))
        for threshold in (None, 0.05)
    )
    assert part.warnings()
    assert at_threshold.metrics()["accuracy"] < 0.3
    assert at_threshold.warnings() == []


def test_a_random_order_is_of_no_use(messages: Messages) -> None:
    area = area_of(np.arange(200) % 4 == 0, np.random.default_rng(0).random(200))
    messages.check(decision_warning(rows_of(200), area, None))
    assert decision_warning(rows_of(9), None, None) is None, "rows of one class say nothing"


def test_few_rows_are_said_to_be_few(messages: Messages) -> None:
    area = area_of(np.array([True, False, False]), np.array([0.9, 0.3, 0.4]))
    messages.check(decision_warning(rows_of(3), area, None))
    of_three = rank_part(np.arange(3), np.full((3, 3), 1 / 3))
    messages.check(ranking_warning(rows_of(3, ("a", "b", "c")), of_three.areas))


@pytest.mark.parametrize("own", [0.1, 0.9, 1.2])
def test_decisions_that_cost_more_than_one_answer_are_of_no_use(messages: Messages, own: float) -> None:
    """Always answering the same costs 1 per row; 0.9 with a large spread may be chance."""
    is_positive = np.arange(60) % 2 == 0
    area = area_of(is_positive, is_positive + np.linspace(0, 0.1, 60))
    spread = np.where(np.arange(60) % 3, -1.0, 2.0) * (0.02 if own < 0.5 else 2.0)
    messages.check(decision_warning(rows_of(60), area, (own + spread, np.ones(60))))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_random_order_after_training_with_class_weights_is_of_no_use(
    messages: Messages, classes: int
) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(300) % 15 % classes
    chance = rng.dirichlet(np.ones(classes), 300)
    known = chance.copy()
    known[np.arange(300), labels] += 0.5
    names, shares = ("a", "b", "c")[:classes], np.full(classes, 1 / classes)
    random, ranked = (
        ClassScores(names, np.arange(300), labels, probabilities, 1.0, None, shares).warnings(
            training=TrainingOutcome(has_class_weights=True)
        )
        for probabilities in (chance, known / 1.5)
    )
    assert random[0].is_severe
    messages.check(random[0])
    assert ranked == []
