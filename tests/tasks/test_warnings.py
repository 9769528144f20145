"""What the warnings about the baseline have in common."""

from __future__ import annotations

import pytest

from fnnctl.messages import Message
from fnnctl.tasks.warnings import (
    OUT_OF_FOLD,
    TEST_PART,
    UNKNOWN,
    TrainingOutcome,
    about_targets,
    few_rows,
    of_most_repeats,
    worth_trying,
)
from tests.messages import Messages


@pytest.mark.parametrize("is_ahead", [True, False])
def test_what_is_worth_trying(messages: Messages, is_ahead: bool) -> None:
    """A small part is only blamed if the network was ahead; more epochs help if the best one was late."""
    for training in (UNKNOWN, TrainingOutcome(32, 4), TrainingOutcome(32, 4, folds=3)):
        messages.check(worth_trying(40, is_ahead=is_ahead, training=training))


@pytest.mark.parametrize(("epochs", "best", "is_early"), [
    (32, 16, True), (32, 17, False), (10, 5, True), (9, 1, False), (32, None, False),
])  # fmt: skip
def test_the_first_half_of_ten_epochs_or_more_is_early(epochs: int, best: int | None, is_early: bool) -> None:
    advice = worth_trying(40, is_ahead=False, training=TrainingOutcome(epochs, best))
    assert ("more epochs will not help" in advice) is is_early
    assert ("try more epochs" in advice) is not is_early


def test_more_than_half_of_the_repeats_must_agree() -> None:
    """Each subject of warnings has a majority of its own."""
    a, b, x, y = (Message("few_rows", text) for text in "abxy")
    assert of_most_repeats([[None], [a], [b]]) == [a]
    assert of_most_repeats([[None], [a]]) == of_most_repeats([]) == []
    assert of_most_repeats([[a]]) == [a]
    assert of_most_repeats([[a, None, x], [None, b, x], [a, None, y]]) == [a, x]


def test_a_score_of_few_rows_is_not_reliable(messages: Messages) -> None:
    assert few_rows(10, TEST_PART) is None
    messages.check(few_rows(3, TEST_PART))
    messages.check(few_rows(1, OUT_OF_FOLD))


def test_many_targets_have_one_warning_of_a_kind_in_common() -> None:
    few, dead = Message("few_rows", "3 rows"), Message("dead_units", "all are dead", is_severe=True)
    two = about_targets([("a", [few, dead]), ("b", [few]), ("c", [])])
    assert [(warning.kind, str(warning)) for warning in two] == [
        ("few_rows", "a: 3 rows"),
        ("few_rows", "b: 3 rows"),
        ("dead_units", "a: all are dead"),
    ]
    (many,) = about_targets((name, [few]) for name in "abcdefgh")
    assert str(many) == "a: 3 rows. The same holds for 7 other targets (b, c, d, e, f, g, …)"
    (severe,) = about_targets([("a", [dead]), ("b", [dead]), ("c", [dead]), ("d", [dead])])
    assert severe.is_severe
