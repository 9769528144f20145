from __future__ import annotations

import numpy as np

from fnnctl.tasks.classification.most_probable import most_probable, top_columns

P = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])


def test_the_columns() -> None:
    assert top_columns(2) == ("top_1", "p_top_1", "top_2", "p_top_2")


def test_classes_by_probability() -> None:
    """Of equal ones the first one comes first, as it is the predicted one."""
    assert list(most_probable("abc", P, 2)) == [["b", 0.5, "c", 0.3], ["a", 0.4, "c", 0.4]]


def test_more_than_there_are_gives_all() -> None:
    assert [row[::2] for row in most_probable("abc", P, 9)] == [["b", "c", "a"], ["a", "c", "b"]]
