from __future__ import annotations

import numpy as np
import pytest

from fnnctl.metrics.feature_importance import correlations
from fnnctl.metrics.feature_importance.correlations import strong_correlations

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 200))
NUMBERS = np.stack([A, -A + 0.1 * B, B, C, A + 0.3 * C, np.ones(200)], axis=1)


def places(*owned: list[int]) -> dict[str, np.ndarray]:
    return {name: np.array(each, np.intp) for name, each in zip("abcdef", owned, strict=False)}


def test_the_strongest_partner_of_each_column() -> None:
    found = strong_correlations(NUMBERS, places([0], [1], [2], [3], [4], [5]))
    of = np.corrcoef(NUMBERS[:, :5], rowvar=False)
    assert {name: partner for name, (partner, _) in found.items()} == {"a": "b", "b": "a", "e": "a"}
    assert (found["a"][1], found["b"][1]) == pytest.approx((of[0, 1], of[0, 1]))
    assert found["e"][1] == pytest.approx(of[4, 0])
    assert of[0, 1] < -0.99


def test_what_belongs_to_one_column_is_not_compared() -> None:
    assert strong_correlations(NUMBERS, places([0, 1, 4], [2], [3], [5], [])) == {}
    found = strong_correlations(NUMBERS, places([2, 0], [1, 3], []))
    assert {name: partner for name, (partner, _) in found.items()} == {"a": "b", "b": "a"}


def test_numbers_of_no_column_are_left_out() -> None:
    assert strong_correlations(NUMBERS, places([0], [2])) == {}


@pytest.mark.parametrize("rows", [0, 1, 5, 19])
def test_few_rows_say_nothing(rows: int) -> None:
    assert strong_correlations(NUMBERS[:rows], places([0], [1])) == {}
    assert strong_correlations(NUMBERS[:, :0], {}) == {}


def test_so_many_pairs_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlations, "MOST_NUMBERS", 1)
    assert strong_correlations(NUMBERS, places([0], [1])) == {}
