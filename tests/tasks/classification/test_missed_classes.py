"""Classes that are hardly ever found, with counts whose Wilson intervals are worked by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fnnctl.messages import Message
from fnnctl.tasks.classification.warnings import (
    HeldOut,
    JudgedRows,
    missed_classes_warning,
    unfound_class_warning,
)
from fnnctl.tasks.warnings import TrainingOutcome

HERE = "on the test part"


def warning(
    found: dict[str, tuple[int, int]],
    training: TrainingOutcome | None = None,
    *,
    positive: int | None = None,
    held_out: HeldOut | None = None,
) -> str | None:
    """The warning for so many found rows of so many, by class; the others are predicted as the next class."""
    labels, predicted = [], []
    for number, (right, rows) in enumerate(found.values()):
        labels += [number] * rows
        predicted += [number] * right + [(number + 1) % len(found)] * (rows - right)
    judged = JudgedRows(
        tuple(found),
        np.array(labels, np.intp),
        np.empty((len(labels), len(found))),
        HERE,
        positive=positive,
        training=training or TrainingOutcome(),
        held_out=held_out,
    )
    told = missed_classes_warning(judged, np.array(predicted, np.intp))
    return None if told is None else told.sentence


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


def test_the_warning_about_one_of_two_classes_advises_a_threshold() -> None:
    counts = {"common": (1590, 1600), "rare": (1, 40)}
    said = (
        "the network finds 1 of 40 rows of the class 'rare' on the test part (recall 0.03). Accuracy (0.97) "
        "hides this: always predicting 'common' scores 0.976. Try model.threshold: f1"
    )
    decided = (
        ", which predicts 'rare' from a lower probability on: more of its rows are found, and more others "
        "are taken for it; judge by balanced accuracy or ROC AUC"
    )
    assert warning(counts, positive=1) == said + decided
    assert warning(counts, positive=0) == f"{said} with 'rare' as data.positive_class{decided}"


def test_all_such_classes_are_in_one_warning() -> None:
    told = warning({"a": (30, 40), "b": (1, 20), "c": (25, 40), "d": (0, 9)})
    assert told == (
        "the network finds few rows of 2 classes on the test part, or none: 'b' (1 of 20), 'd' (0 of 9). Try "
        "training.class_weights: balanced, which moves decisions towards rare classes: more of their rows "
        "are found, and more others are taken for them; judge by balanced accuracy or ROC AUC"
    )


def test_a_class_that_is_not_rare_needs_more_than_weights() -> None:
    told = warning({"a": (30, 30), "b": (0, 25), "c": (30, 30)})
    assert told is not None
    assert told.endswith(
        "(recall 0.00). 25 are taken for 'c': find columns in which these differ (the confusion matrix shows "
        "all such pairs), or try more epochs or another learning rate"
    )
    early = warning({"a": (30, 30), "b": (0, 25), "c": (30, 30)}, TrainingOutcome(epochs=32, best_epoch=10))
    assert early is not None
    assert early.endswith("shows all such pairs)")


@pytest.mark.parametrize(
    ("others", "positive", "advice"),
    [
        ({}, 1, ". Try model.threshold: f1, which"),
        ({"medium": (20, 20)}, None, ". Try other columns or more rows of rare classes; judge"),
    ],
)
def test_weights_that_are_set_are_not_advised(
    others: dict[str, tuple[int, int]], positive: int | None, advice: str
) -> None:
    counts = {"common": (70, 70), "rare": (0, 20), **others}
    told = warning(counts, TrainingOutcome(has_class_weights=True), positive=positive)
    assert told is not None
    assert advice in told
    assert "class_weights" not in told


def held_out(shift: float, *, rare: int = 40, rows: int = 2000) -> HeldOut:
    """Rows whose score is `shift` standard deviations larger if they are rare, and always below 0.5."""
    rng = np.random.default_rng(4)
    labels = (np.arange(rows) % (rows // rare) == 0).astype(np.intp)
    scores = 0.4 / (1 + np.exp(3 - rng.normal(shift * labels)))
    return labels, np.column_stack([1 - scores, scores])


COUNTS = {"common": (1600, 1600), "rare": (0, 40)}


def test_a_threshold_is_advised_if_it_finds_the_class_in_held_out_rows() -> None:
    told = warning(COUNTS, positive=1, held_out=held_out(3.0))
    assert told is not None
    found = re.search(
        r"Try model.threshold: f1, which predicts 'rare' from a lower probability on: it finds (\d+) of 40 "
        r"held-out rows, and takes (\d+) others for it; judge by balanced accuracy or ROC AUC",
        told,
    )
    assert found is not None
    hits, others = map(int, found.groups())
    assert hits > 20 > others


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_a_threshold_that_hardly_finds_it_either_is_not_advised(shift: float) -> None:
    """Without any signal the best F1 is that of nearly all rows, which is found by chance."""
    told = warning(COUNTS, positive=1, held_out=held_out(shift))
    assert told is not None
    assert "Try other columns or more rows of 'rare' (model.threshold: f1 does not help: it finds " in told
    assert "try model.threshold" not in told.lower()


def test_too_few_held_out_rows_of_the_class_say_nothing() -> None:
    labels, probabilities = held_out(3.0, rare=4)
    assert warning(COUNTS, positive=1, held_out=(labels, probabilities)) == warning(COUNTS, positive=1)


@pytest.mark.parametrize(("hits", "taken", "rows", "is_told"), [
    (0, 0, 10, True), (0, 14, 10, True), (1, 0, 10, False), (0, 0, 4, False),
])  # fmt: skip
def test_a_threshold_that_finds_no_row_is_told(hits: int, taken: int, rows: int, is_told: bool) -> None:
    labels = (np.arange(100) < rows).astype(np.intp)
    predicted = ((np.arange(100) < hits) | (np.arange(100) >= 100 - taken)).astype(np.intp)
    judged = JudgedRows(("common", "rare"), labels, np.empty((100, 2)), HERE, positive=1)
    told = unfound_class_warning(judged, predicted, 0.0931)
    others = f", and takes {taken} others for it" if taken else ""
    assert told == (
        Message(
            "unfound_class",
            f"the threshold of 0.0931 finds none of the {rows} rows of 'rare' {HERE}{others}, so its F1 "
            "is 0: rank rows by the probabilities, or try other columns or more rows of the class",
        )
        if is_told
        else None
    )
    assert told is None or told.is_severe
