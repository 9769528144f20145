from __future__ import annotations

import numpy as np

from fnnctl.metrics.feature_importance.permutations import REPEATS, drawn_rows, permutations


def test_each_column_has_permutations_of_its_own() -> None:
    first, second = (permutations(7, column, 50) for column in ("a", "b"))
    assert first.shape == (REPEATS, 50)
    assert (np.sort(first, axis=1) == np.arange(50)).all()
    assert len({each.tobytes() for each in (*first, *second)}) == 2 * REPEATS
    assert permutations(7, "a", 50).tobytes() == first.tobytes()
    assert permutations(8, "a", 50).tobytes() != first.tobytes()


def test_a_name_may_be_anything() -> None:
    assert permutations(7, "\udcff", 3, repeats=2).shape == (2, 3)
    assert permutations(7, "", 1).tolist() == [[0]] * REPEATS


def test_few_rows_are_all_used_and_many_are_drawn_in_order() -> None:
    assert drawn_rows(7, 5, 5).tolist() == [0, 1, 2, 3, 4]
    drawn = drawn_rows(7, 1000, 100)
    assert len(set(drawn.tolist())) == 100
    assert (np.diff(drawn) > 0).all()
    assert 350 < drawn.mean() < 650
