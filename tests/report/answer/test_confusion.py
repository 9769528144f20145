from __future__ import annotations

import numpy as np

from fnnctl.report.answer.confusion import confused_pairs, most_confused
from fnnctl.report.answer.values import ConfusedPair

CLASSES = ("a", "b", "c")
COUNTS = np.array([[5, 3, 0], [1, 8, 1], [0, 0, 4]])


def test_the_most_frequent_pairs_come_first_and_all_are_counted() -> None:
    found, count = confused_pairs(CLASSES, COUNTS, 2)
    assert found == [ConfusedPair("a", "b", 3, 3 / 8), ConfusedPair("b", "a", 1, 0.1)]
    assert count == 3


def test_a_class_as_the_true_one_and_as_the_predicted_one() -> None:
    assert most_confused(CLASSES, COUNTS, "b") == (
        ConfusedPair("b", "a", 1, 0.1),
        ConfusedPair("a", "b", 3, 3 / 8),
    )
    assert most_confused(CLASSES, COUNTS, "c") == (None, ConfusedPair("b", "c", 1, 0.1))
    assert most_confused(CLASSES, COUNTS, "unknown") == (None, None)


def test_nothing_is_confused() -> None:
    assert confused_pairs(CLASSES, np.diag([3, 2, 1]), 5) == ([], 0)
