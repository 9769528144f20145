"""A classifier is compared with the majority class by an exact test, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.tasks.classification.warnings import JudgedRows, baseline_warning
from fnnctl.tasks.warnings import UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"
SHARES = np.array([0.7, 0.3])


def warning_of(
    labels: IntArray, probabilities: FloatArray, shares: FloatArray, training: TrainingOutcome = UNKNOWN
) -> Message | None:
    shares = np.broadcast_to(shares, probabilities.shape)
    return baseline_warning(
        JudgedRows(("no", "yes"), labels, probabilities, HERE, shares=shares, training=training)
    )


def warning(counts: dict[tuple[int, int], int], sure: float = 0.99) -> Message | None:
    """The warning for so many rows per (label, prediction), all predicted with the probability `sure`."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    labels, predicted = (np.array(column, np.intp) for column in zip(*pairs, strict=True))
    probabilities = np.full((len(labels), 2), 1 - sure)
    probabilities[np.arange(len(labels)), predicted] = sure
    return warning_of(labels, probabilities, SHARES)


@pytest.mark.parametrize(("wins", "losses", "is_told"), [
    (5, 0, False), (4, 0, True), (7, 1, False), (6, 1, True), (9, 2, False), (8, 2, True), (10, 30, True),
])  # fmt: skip
def test_only_rows_that_one_of_the_two_gets_right_count(wins: int, losses: int, is_told: bool) -> None:
    """5 of 5 have p = 1/32, 7 of 8 have 9/256 = 0.035, 6 of 7 have 8/128 = 0.0625, 9 of 11 have 0.033."""
    assert (warning({(0, 0): 60, (1, 0): 20, (1, 1): wins, (0, 1): losses}) is not None) is is_told


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({(0, 0): 60, (1, 0): 28, (1, 1): 7, (0, 1): 5}, id="ahead"),
        pytest.param({(0, 0): 60, (1, 0): 28, (1, 1): 5, (0, 1): 7}, id="behind"),
        pytest.param({(0, 0): 70, (1, 0): 30}, id="always the majority class"),
        pytest.param({(0, 0): 90, (1, 0): 10}, id="very unequal classes"),
    ],
)
def test_the_warning(messages: Messages, counts: dict[tuple[int, int], int]) -> None:
    messages.check(warning(counts))


def test_few_rows_are_said_to_be_few(messages: Messages) -> None:
    """Four rows are not 'no': even if all were right, p would be 1/16."""
    messages.check(warning({(0, 0): 10, (1, 1): 4}, sure=0.51))


def test_the_best_epoch_decides_the_advice(messages: Messages) -> None:
    labels = np.repeat([0, 1], [70, 30])
    no_better = warning_of(labels, np.full((100, 2), 0.5), SHARES, TrainingOutcome(32, 4))
    messages.check(no_better)
    assert no_better is not None
    assert no_better.is_severe


def test_better_probabilities_are_acknowledged(messages: Messages) -> None:
    """Of 20 rows that are said to be 'yes' at 0.45 half are, of the 80 others at 0.1 a tenth is."""
    labels = np.repeat([1, 0, 1, 0], [10, 10, 8, 72])
    yes = np.repeat([0.45, 0.1], [20, 80])
    no_better = warning_of(labels, np.column_stack([1 - yes, yes]), np.array([0.82, 0.18]))
    messages.check(no_better)
    assert no_better is not None
    assert not no_better.is_severe


def test_a_network_that_is_ahead_with_better_probabilities_has_no_warning() -> None:
    """Six of seven rows that differ are won, which may be chance; but being unsure pays in the others."""
    counts = {(0, 0): 60, (1, 0): 10, (1, 1): 6, (0, 1): 1}
    assert warning(counts) is not None
    assert warning(counts, sure=0.75) is None


def test_each_fold_has_its_own_majority_class() -> None:
    """In the second half of the rows the other class is the majority: there the baseline is right."""
    labels = np.repeat([0, 1], 50)
    probabilities = np.column_stack([np.repeat([0.9, 0.1], 50), np.repeat([0.1, 0.9], 50)])
    shares = np.repeat([[0.7, 0.3], [0.3, 0.7]], 50, axis=0)
    assert warning_of(labels, probabilities, shares) is not None
    assert warning_of(labels, probabilities, SHARES) is None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    """The level of the test: of 400 networks that know nothing, at most about 5 % have no warning."""
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        labels, predicted = rng.integers(2, size=(2, 100))
        probabilities = np.where(predicted[:, None] == [0, 1], 0.9, 0.1)
        silent += warning_of(labels, probabilities, np.array([0.5, 0.5])) is None
    assert 0 < silent < 0.08 * 400
