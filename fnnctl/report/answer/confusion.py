"""The most frequent pairs of confused classes, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.report.answer.values import ConfusedPair


def confused_pairs(classes: Sequence[str], counts: IntArray, most: int) -> tuple[list[ConfusedPair], int]:
    """At most `most` pairs, the most frequent first, and the number of all; `counts` (C, C) by true class."""
    wrong = _wrong(counts)
    pairs = int(np.count_nonzero(wrong))
    largest = np.argsort(-wrong, axis=None, kind="stable")[: min(pairs, most)]
    places = zip(*(each.tolist() for each in np.unravel_index(largest, wrong.shape)), strict=True)
    return [_pair(classes, counts, true, predicted) for true, predicted in places], pairs


def most_confused(
    classes: Sequence[str], counts: IntArray, name: str
) -> tuple[ConfusedPair | None, ConfusedPair | None]:
    """The most frequent pairs in which the class `name` is the true class, and the predicted one."""
    if name not in classes:
        return None, None
    own, wrong = list(classes).index(name), _wrong(counts)
    as_other, from_other = int(wrong[own].argmax()), int(wrong[:, own].argmax())
    return (
        _pair(classes, counts, own, as_other) if wrong[own, as_other] else None,
        _pair(classes, counts, from_other, own) if wrong[from_other, own] else None,
    )


def _wrong(counts: IntArray) -> IntArray:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    return wrong


def _pair(classes: Sequence[str], counts: IntArray, true: int, predicted: int) -> ConfusedPair:
    rows = int(counts[true, predicted])
    return ConfusedPair(classes[true], classes[predicted], rows, rows / int(counts[true].sum()))
