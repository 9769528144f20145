from __future__ import annotations

import numpy as np

from fnnctl.tasks.worst_rows import worst_rows

NAN = float("nan")


def test_the_worst_come_first_and_correct_ones_never() -> None:
    badness = np.array([0.5, NAN, 0.9, 0.0])
    assert worst_rows(np.array([4, 5, 6, 7]), badness).tolist() == [2, 0, 3]
    assert worst_rows(np.array([4, 5, 6, 7]), badness, 1).tolist() == [2]


def test_of_equally_bad_ones_the_lower_row_comes_first() -> None:
    assert worst_rows(np.array([9, 3, 5]), np.array([0.5, 0.5, 0.5])).tolist() == [1, 2, 0]
    assert worst_rows(np.array([1]), np.array([NAN])).tolist() == []
    assert worst_rows(np.empty(0, np.int64), np.empty(0)).tolist() == []


def test_a_repeated_row_counts_once_with_its_worst() -> None:
    assert worst_rows(np.array([1, 1, 2]), np.array([0.2, 0.8, 0.5]), 2).tolist() == [1, 2]
