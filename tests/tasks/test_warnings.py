"""What the warnings about the baseline have in common."""

from __future__ import annotations

import pytest

from fnnctl.messages import Message
from fnnctl.tasks.warnings import (
    OUT_OF_FOLD,
    TEST_PART,
    TrainingOutcome,
    few_rows,
    of_most_repeats,
    worth_trying,
)


def test_a_small_part_is_only_blamed_if_the_network_was_ahead() -> None:
    assert worth_trying(40, is_ahead=True).endswith("; 40 rows are too few to show a small improvement")
    assert worth_trying(40, is_ahead=False) == "try more epochs, another learning rate or other columns"


def test_after_an_early_best_epoch_more_epochs_are_not_advised() -> None:
    assert worth_trying(40, is_ahead=False, training=TrainingOutcome(32, 4)) == (
        "the best epoch was 4 of 32, so more epochs will not help; the columns may say nothing about the "
        "target"
    )
    told = worth_trying(40, is_ahead=True, training=TrainingOutcome(32, 4, folds=3))
    assert told.startswith("the best epoch was 4 of 32 in the median fold, so")
    assert told.endswith("; 40 rows are too few to show a small improvement")


@pytest.mark.parametrize(("epochs", "best", "is_early"), [
    (32, 16, True), (32, 17, False), (10, 5, True), (9, 1, False), (32, None, False),
])  # fmt: skip
def test_the_first_half_of_ten_epochs_or_more_is_early(epochs: int, best: int | None, is_early: bool) -> None:
    told = worth_trying(40, is_ahead=False, training=TrainingOutcome(epochs, best))
    assert ("more epochs will not help" in told) is is_early
    assert ("try more epochs" in told) is not is_early


def test_more_than_half_of_the_repeats_must_agree() -> None:
    a, b = (Message("few_rows", text) for text in "ab")
    assert of_most_repeats([[None], [a], [b]]) == [a]
    assert of_most_repeats([[None], [a]]) == []
    assert of_most_repeats([[a]]) == [a]
    assert of_most_repeats([]) == []


def test_each_subject_of_warnings_has_a_majority_of_its_own() -> None:
    a, b, x, y = (Message("few_rows", text) for text in "abxy")
    assert of_most_repeats([[a, None, x], [None, b, x], [a, None, y]]) == [a, x]


def test_a_score_of_few_rows_is_not_reliable() -> None:
    assert few_rows(10, TEST_PART) is None
    assert few_rows(3, TEST_PART) == Message(
        "few_rows",
        "3 rows on the test part are too few for a reliable score: see its 95 % interval, or use `fnnctl "
        "evaluate CONFIG`, which tests on every row",
    )
    assert few_rows(1, OUT_OF_FOLD) == Message(
        "few_rows",
        "1 row out of fold is too few for a reliable score: see its 95 % interval",
    )
