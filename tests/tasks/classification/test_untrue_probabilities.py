"""Probabilities that are worse than the classes' shares, or far from their frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.classification.warnings import JudgedRows, log_loss_warning, mean_probability_warning
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.warnings import UNKNOWN, TrainingOutcome

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


def test_the_log_loss_of_a_smoothed_network_is_told_although_its_ranking_is_perfect() -> None:
    """−(0.1·log 0.6 + 0.9·log 0.65) = 0.4388; the baseline has −(0.1·log 0.1 + 0.9·log 0.9) = 0.3251."""
    labels, probabilities = rare(200, of_yes=0.6, of_no=0.35)
    told = log_loss_warning(judged(labels, probabilities))
    assert str(told) == (
        "the log loss on the test part, 0.4388, is not better than the baseline's (0.3251), which gives "
        "every row the classes' shares of the training rows, so the probabilities are misleading: set "
        "model.calibration: temperature, or rank rows by them, but do not read them as frequencies"
    )
    calibrated = log_loss_warning(judged(labels, probabilities), is_calibrated=True)
    assert calibrated is not None
    assert calibrated.sentence.endswith("misleading: rank rows by them, but do not read them as frequencies")
    better = rare(200, of_yes=0.6, of_no=0.2)
    assert log_loss_warning(judged(*better)) is None


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
def test_a_mean_probability_far_from_the_frequency_is_told(mean: float, rows: int, is_told: bool) -> None:
    labels = np.arange(rows) % 10 // 9
    told = mean_probability_warning(judged(labels, of_two(np.full(rows, mean))))
    assert (told is not None) is is_told
    if told and mean < 0.2:
        assert str(told) == (
            "the mean probability of 'yes' on the test part is 0.15, but its share of the rows is 0.1: rank "
            "rows by the probabilities, but do not read them as frequencies"
        )


def test_one_surprising_row_is_not_enough() -> None:
    labels = (np.arange(30) == 0).astype(np.intp)
    sure = of_two(np.full(30, 1e-6))
    assert mean_probability_warning(judged(labels, sure, None)) is None


def test_rows_of_another_kind_and_weighted_rows_are_named_as_the_cause() -> None:
    labels, probabilities = rare(400, of_yes=0.5, of_no=0.5)
    shifted = mean_probability_warning(judged(labels, probabilities, np.array([0.5, 0.5])))
    assert shifted is not None
    assert shifted.sentence.endswith(": in the training rows it is 0.5, so these rows are of another kind")
    weighted = mean_probability_warning(
        judged(labels, probabilities, training=TrainingOutcome(has_row_weights=True))
    )
    assert weighted is not None
    assert weighted.sentence.endswith(": probabilities follow the weights of the rows (data.weights)")


def test_several_classes_are_in_one_warning() -> None:
    labels = np.repeat([0, 1, 2], [300, 60, 40])
    probabilities = np.tile([0.4, 0.45, 0.15], (400, 1))
    told = mean_probability_warning(judged(labels, probabilities, None, names=("a", "b", "c"), positive=None))
    assert told is not None
    assert told.sentence.startswith(
        "the mean probabilities of 2 classes on the test part are far from their shares of the rows: 'a' "
        "(0.4, 0.75), 'b' (0.45, 0.15): rank"
    )


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
    assert [warning.sentence.split(" on the test part")[0] for warning in part.warnings()] == [
        "the log loss",
        "the mean probability of 'yes'",
    ]


def test_a_network_no_better_than_the_baseline_does_not_silence_them() -> None:
    """Its log loss, 0.7136, is worse than 0.6931, but not by more than chance."""
    labels, probabilities = np.arange(120) % 2, of_two(np.where(np.arange(120) // 2 % 2, 0.6, 0.4))
    shares = np.array([0.5, 0.5])
    part = ClassScores(("no", "yes"), np.arange(120), labels, probabilities, 1.0, None, shares, Decision(1))
    of_baseline, of_log_loss = part.warnings()
    assert of_baseline.sentence.startswith("accuracy 0.5 on the test part is not better than")
    assert of_log_loss.sentence.startswith(
        "the log loss on the test part, 0.7136, is not better than the baseline's"
    )
