"""A classifier is compared with the majority class by an exact test, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.tasks.classification.warnings import JudgedRows, baseline_warning
from fnnctl.tasks.warnings import UNKNOWN, TrainingOutcome

CLASSES, HERE = ("no", "yes"), "on the test part"
SHARES = np.array([0.7, 0.3])


def told_of(
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray,
    training: TrainingOutcome = UNKNOWN,
) -> Message | None:
    shares = np.broadcast_to(baseline, probabilities.shape)
    return baseline_warning(
        JudgedRows(CLASSES, labels, probabilities, HERE, shares=shares, training=training)
    )


def warning(
    counts: dict[tuple[int, int], int], sure: float = 0.9, baseline: FloatArray = SHARES
) -> str | None:
    """The warning for so many rows per (label, prediction), all predicted with the probability `sure`."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    labels, predicted = (np.array(each, np.intp) for each in zip(*pairs, strict=True))
    probabilities = np.full((len(labels), 2), 1 - sure)
    probabilities[np.arange(len(labels)), predicted] = sure
    told = told_of(labels, probabilities, baseline)
    return None if told is None else told.sentence


@pytest.mark.parametrize(("wins", "losses", "is_told"), [
    (5, 0, False), (4, 0, True), (7, 1, False), (6, 1, True), (9, 2, False), (8, 2, True), (10, 30, True),
])  # fmt: skip
def test_only_rows_that_one_of_the_two_gets_right_count(wins: int, losses: int, is_told: bool) -> None:
    """5 of 5 have p = 1/32, 7 of 8 have 9/256 = 0.035, 6 of 7 have 8/128 = 0.0625, 9 of 11 have 0.033."""
    counts = {(0, 0): 60, (1, 0): 20, (1, 1): wins, (0, 1): losses}
    assert (warning(counts, sure=0.99) is not None) is is_told


def test_the_warning() -> None:
    told = warning({(0, 0): 60, (1, 0): 28, (1, 1): 7, (0, 1): 5}, sure=0.99)
    assert told == (
        "accuracy 0.67 on the test part is not better than always predicting 'no' (0.65) by more than chance "
        "(p = 0.387): try more epochs, another learning rate or other columns; 100 rows are too few to show "
        "a small improvement"
    )
    told = warning({(0, 0): 60, (1, 0): 28, (1, 1): 5, (0, 1): 7}, sure=0.99)
    assert told is not None
    assert told.endswith("or other columns")


def test_the_best_epoch_decides_the_advice() -> None:
    labels = np.repeat([0, 1], [70, 30])
    told = told_of(labels, np.full((100, 2), 0.5), SHARES, TrainingOutcome(32, 4))
    assert told is not None
    assert told.is_severe
    assert told.sentence.endswith("more epochs will not help; the columns may say nothing about the target")


def test_few_rows_are_said_to_be_few() -> None:
    """Four rows are not 'no': even if all were right, p would be 1/16."""
    told = warning({(0, 0): 10, (1, 1): 4}, sure=0.51)
    assert told is not None
    assert told.endswith("(p = 0.062): 14 rows, 4 of them not 'no', are too few to tell")


def test_a_network_that_always_predicts_the_majority_class_is_described() -> None:
    told = warning({(0, 0): 70, (1, 0): 30}, sure=0.99)
    assert told is not None
    assert told.startswith(
        "the network predicts 'no' for every row on the test part, as the baseline does: try"
    )


def test_better_probabilities_are_acknowledged() -> None:
    """Of 20 rows that are said to be 'yes' at 0.45 half are, of the 80 others at 0.1 a tenth is."""
    labels = np.repeat([1, 0, 1, 0], [10, 10, 8, 72])
    yes = np.repeat([0.45, 0.1], [20, 80])
    told = told_of(labels, np.column_stack([1 - yes, yes]), np.array([0.82, 0.18]))
    assert told is not None
    assert "but its probabilities are better than the classes' shares (log loss 0.4, not 0.471)" in str(told)
    assert not told.is_severe


def test_a_network_that_is_ahead_with_better_probabilities_has_no_warning() -> None:
    """Six of seven rows that differ are won, which may be chance; but being unsure pays in the others."""
    counts = {(0, 0): 60, (1, 0): 10, (1, 1): 6, (0, 1): 1}
    assert warning(counts, sure=0.99) is not None
    assert warning(counts, sure=0.75) is None


def test_each_fold_has_its_own_majority_class() -> None:
    """In the second half of the rows the other class is the majority: there the baseline is right."""
    labels = np.repeat([0, 1], 50)
    probabilities = np.column_stack([np.repeat([0.9, 0.1], 50), np.repeat([0.1, 0.9], 50)])
    shares = np.repeat([[0.7, 0.3], [0.3, 0.7]], 50, axis=0)
    assert told_of(labels, probabilities, shares) is not None
    assert told_of(labels, probabilities, SHARES) is None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    """The level of the test: of 400 networks that know nothing, at most about 5 % have no warning."""
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        labels, predicted = rng.integers(2, size=(2, 100))
        probabilities = np.where(predicted[:, None] == [0, 1], 0.9, 0.1)
        silent += told_of(labels, probabilities, np.array([0.5, 0.5])) is None
    assert 0 < silent < 0.08 * 400


def test_very_unequal_classes_are_judged_by_other_metrics() -> None:
    told = warning({(0, 0): 90, (1, 0): 10}, sure=0.99)
    assert told == (
        "the network predicts 'no' for every row on the test part, as the baseline does: accuracy says "
        "little where one class has most rows, so judge by balanced accuracy or ROC AUC, and try "
        "training.class_weights: balanced, which moves decisions towards rare classes: more of their rows "
        "are found, and more others are taken for them"
    )
