"""Probabilities that are worse than the classes' shares, or far from their frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.classification.warnings import JudgedRows, log_loss_warning, mean_probability_warning
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"
SHARES = np.array([0.9, 0.1])


def of_two(yes: FloatArray) -> FloatArray:
    return np.column_stack([1 - yes, yes])


def judged(
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray | None = SHARES,
    *,
    names: tuple[str, ...] = ("no", "yes"),
    positive: int | None = 1,
    training: TrainingOutcome = UNKNOWN,
) -> JudgedRows:
    shares = None if baseline is None else np.broadcast_to(baseline, probabilities.shape)
    return JudgedRows(names, labels, probabilities, HERE, shares=shares, positive=positive, training=training)


def rare(rows: int, *, of_yes: float, of_no: float) -> tuple[np.ndarray, FloatArray]:
    """Labels of which a tenth is 1, and the probability of 1 in the rows of each class."""
    labels = np.arange(rows) % 10 // 9
    return labels, of_two(np.where(labels == 1, of_yes, of_no))


def test_the_log_loss_of_a_smoothed_network_is_told_although_its_ranking_is_perfect(
    messages: Messages,
) -> None:
    """−(0.1·log 0.6 + 0.9·log 0.65) = 0.4388; the baseline has −(0.1·log 0.1 + 0.9·log 0.9) = 0.3251."""
    smoothed = judged(*rare(200, of_yes=0.6, of_no=0.35))
    messages.check(log_loss_warning(smoothed))
    messages.check(log_loss_warning(smoothed, is_calibrated=True))
    assert log_loss_warning(judged(*rare(200, of_yes=0.6, of_no=0.2))) is None


@pytest.mark.parametrize(("rows", "is_told"), [(100, True), (90, False)])
def test_few_rows_must_be_worse_by_more_than_chance(rows: int, is_told: bool) -> None:
    """One row in ten costs −log 0.05, the others pay nearly nothing: a mean that few rows do not fix."""
    labels, probabilities = rare(rows, of_yes=0.03, of_no=0.03)
    assert (log_loss_warning(judged(labels, probabilities)) is not None) is is_told


@pytest.mark.parametrize(
    ("mean", "rows", "is_told"),
    [
        (0.1, 1000, False),
        (0.138, 1000, False),  # odds of 0.138 are 1.44 times those of 0.1
        (0.15, 1000, True),  # 1.59 times; 4.4 standard errors, √(0.15·0.85/1000) = 0.0113
        (0.15, 800, False),  # 3.96 standard errors
        (0.4, 100, True),
        (0.4, 20, False),  # 2.7 standard errors
    ],
)
def test_a_mean_probability_far_from_the_frequency_is_told(
    messages: Messages, mean: float, rows: int, is_told: bool
) -> None:
    doubt = mean_probability_warning(judged(np.arange(rows) % 10 // 9, of_two(np.full(rows, mean))))
    assert (doubt is not None) is is_told
    messages.check(doubt)


def test_one_surprising_row_is_not_enough() -> None:
    labels = (np.arange(30) == 0).astype(np.intp)
    sure = of_two(np.full(30, 1e-6))
    assert mean_probability_warning(judged(labels, sure, None)) is None


def test_rows_of_another_kind_and_weighted_rows_are_named_as_the_cause(messages: Messages) -> None:
    rows = rare(400, of_yes=0.5, of_no=0.5)
    messages.check(mean_probability_warning(judged(*rows, np.array([0.5, 0.5]))))
    weighted = TrainingOutcome(has_row_weights=True)
    messages.check(mean_probability_warning(judged(*rows, training=weighted)))


def test_several_classes_are_in_one_warning(messages: Messages) -> None:
    labels = np.repeat([0, 1, 2], [300, 60, 40])
    probabilities = np.tile([0.4, 0.45, 0.15], (400, 1))
    rows = judged(labels, probabilities, None, names=("a", "b", "c"), positive=None)
    messages.check(mean_probability_warning(rows))


def test_honest_probabilities_are_hardly_ever_doubted() -> None:
    """400 samples whose labels follow the probabilities."""
    rng, doubted = np.random.default_rng(5), 0
    for _ in range(400):
        probabilities = of_two(rng.beta(0.3, 3, 300))
        labels = (rng.random(300) < probabilities[:, 1]).astype(np.intp)
        shares = np.array([1 - labels.mean(), labels.mean()])
        doubted += bool(log_loss_warning(judged(labels, probabilities, shares)))
        doubted += bool(mean_probability_warning(judged(labels, probabilities, shares)))
    assert doubted == 0


def test_a_good_accuracy_does_not_silence_them() -> None:
    """Every row is predicted correctly, but the rare class has seven times its frequency."""
    labels, probabilities = rare(1000, of_yes=0.95, of_no=0.45)
    part = ClassScores(("no", "yes"), np.arange(1000), labels, probabilities, 1.0, None, SHARES, Decision(1))
    assert part.metrics()["accuracy"] == 1.0
    kinds = [warning.kind for warning in part.warnings()]
    assert kinds == ["misleading_probabilities", "far_probabilities"]


def test_a_network_no_better_than_the_baseline_does_not_silence_them() -> None:
    """Its log loss, 0.7136, is worse than 0.6931, but not by more than chance."""
    labels, probabilities = np.arange(120) % 2, of_two(np.where(np.arange(120) // 2 % 2, 0.6, 0.4))
    shares = np.array([0.5, 0.5])
    part = ClassScores(("no", "yes"), np.arange(120), labels, probabilities, 1.0, None, shares, Decision(1))
    assert [warning.kind for warning in part.warnings()] == [NO_BETTER, "misleading_probabilities"]
