"""Sums over random groups and resamples of rows."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.metrics import bootstrap
from fnnctl.metrics.bootstrap import random_groups, resampled_sums


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_groups_have_all_rows_and_nearly_one_size() -> None:
    sums = random_groups([np.ones((10_000, 2), np.int8)], 2**12, rng())
    assert {*sums[:, 0].tolist()} == {2.0, 3.0}
    assert sums.sum(axis=0).tolist() == [10_000, 10_000]
    few = random_groups([np.ones((300, 1), np.int8)], 1, rng())
    assert few.tolist() == [[300.0]]  # more than one byte holds


@pytest.mark.parametrize("rows", [5, 1000])
def test_tables_side_by_side_have_the_sums_of_one_table(rows: int) -> None:
    amounts, counts = rng().normal(size=(rows, 2)), rng().integers(2, size=(rows, 3)).astype(np.int8)
    sums = random_groups([amounts, counts], 10, rng())
    np.testing.assert_array_equal(sums, random_groups([np.concatenate([amounts, counts], axis=1)], 10, rng()))


def test_sums_are_those_of_the_drawn_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, so that the order of the sums does not matter; drawn in several parts."""
    monkeypatch.setattr(bootstrap, "DRAWS_AT_ONCE", 30)
    values = rng().integers(100, size=(7, 3)).astype(np.float64)
    sums, drawn = resampled_sums(values, 50, rng()), rng().integers(7, size=(50, 7))
    np.testing.assert_array_equal(sums, values[drawn].sum(axis=1))
