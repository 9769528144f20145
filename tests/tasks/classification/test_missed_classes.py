"""Classes that are hardly ever found, with counts whose Wilson intervals are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.messages import Message
from fnnctl.tasks.classification.warnings import (
    HeldOut,
    JudgedRows,
    missed_classes_warning,
    unfound_class_warning,
)
from fnnctl.tasks.warnings import UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"


def warning(
    found: dict[str, tuple[int, int]],
    training: TrainingOutcome = UNKNOWN,
    *,
    positive: int | None = None,
    held_out: HeldOut | None = None,
) -> Message | None:
    """The warning for so many found rows of so many, by class; the others are predicted as the next class."""
    labels, predicted = [], []
    for number, (right, rows) in enumerate(found.values()):
        labels += [number] * rows
        predicted += [number] * right + [(number + 1) % len(found)] * (rows - right)
    nothing = np.empty((len(labels), len(found)))
    judged = JudgedRows(
        tuple(found), np.array(labels), nothing, HERE, positive=positive, training=training, held_out=held_out
    )
    return missed_classes_warning(judged, np.array(predicted, np.intp))


@pytest.mark.parametrize(
    ("found", "rows", "is_told"),
    [
        (0, 5, True),  # the upper end is z² / (n + z²) = 3.84 / 8.84 = 0.43
        (0, 4, False),  # 0.49, but too few rows
        (1, 6, False),  # recall 0.17, but the upper end is 0.56
        (1, 10, True),  # 0.40
        (2, 10, False),  # recall 0.2
        (1, 40, True),
        (40, 40, False),
    ],
)
def test_a_low_recall_of_enough_rows_is_told(found: int, rows: int, is_told: bool) -> None:
    assert (warning({"common": (99, 100), "rare": (found, rows)}) is not None) is is_told


def test_the_warning_about_one_of_two_classes_advises_a_threshold(messages: Messages) -> None:
    for positive in (1, 0):
        messages.check(warning({"common": (1590, 1600), "rare": (1, 40)}, positive=positive))


def test_all_such_classes_are_in_one_warning(messages: Messages) -> None:
    messages.check(warning({"a": (30, 40), "b": (1, 20), "c": (25, 40), "d": (0, 9)}))


def test_a_class_that_is_not_rare_needs_more_than_weights(messages: Messages) -> None:
    for training in (UNKNOWN, TrainingOutcome(epochs=32, best_epoch=10)):
        messages.check(warning({"a": (30, 30), "b": (0, 25), "c": (30, 30)}, training))


def test_weights_that_are_set_are_not_advised(messages: Messages) -> None:
    counts, training = {"common": (70, 70), "rare": (0, 20)}, TrainingOutcome(has_class_weights=True)
    messages.check(warning(counts, training, positive=1))
    messages.check(warning({**counts, "medium": (20, 20)}, training))


def held_out(shift: float, *, rare: int = 40, rows: int = 2000) -> HeldOut:
    """Rows whose score is `shift` standard deviations larger if they are rare, and always below 0.5."""
    rng = np.random.default_rng(4)
    labels = (np.arange(rows) % (rows // rare) == 0).astype(np.intp)
    scores = 0.4 / (1 + np.exp(3 - rng.normal(shift * labels)))
    return labels, np.column_stack([1 - scores, scores])


COUNTS = {"common": (1600, 1600), "rare": (0, 40)}


@pytest.mark.parametrize("shift", [3.0, 0.4, 0.0])
def test_a_threshold_is_advised_if_it_finds_the_class_in_held_out_rows(
    messages: Messages, shift: float
) -> None:
    """Without any signal the best F1 is that of nearly all rows, which is found by chance."""
    messages.check(warning(COUNTS, positive=1, held_out=held_out(shift)))


def test_too_few_held_out_rows_of_the_class_say_nothing() -> None:
    few = held_out(3.0, rare=4)
    assert warning(COUNTS, positive=1, held_out=few) == warning(COUNTS, positive=1)


@pytest.mark.parametrize(("hits", "taken", "rows", "is_told"), [
    (0, 0, 10, True), (0, 14, 10, True), (1, 0, 10, False), (0, 0, 4, False),
])  # fmt: skip
def test_a_threshold_that_finds_no_row_is_told(
    messages: Messages, hits: int, taken: int, rows: int, is_told: bool
) -> None:
    labels = (np.arange(100) < rows).astype(np.intp)
    predicted = ((np.arange(100) < hits) | (np.arange(100) >= 100 - taken)).astype(np.intp)
    judged = JudgedRows(("common", "rare"), labels, np.empty((100, 2)), HERE, positive=1)
    unfound = unfound_class_warning(judged, predicted, 0.0931)
    assert (unfound is not None) == is_told
    messages.check(unfound)
