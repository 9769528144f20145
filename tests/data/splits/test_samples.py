"""Samples of training rows: their number, their strata, and what they depend on."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.samples import sample_rows

STRATA = np.repeat(np.arange(3), [150, 49, 1])
ROWS = np.flatnonzero(np.arange(200) % 5 != 3)
"""120 of the first stratum, 39 of the second, and the only row of the last one."""


def sample(most: int, *, seed: int = 1, order: FloatArray | None = None) -> IntArray:
    return sample_rows(ROWS, most, strata=STRATA, order=order, rng=np.random.default_rng(seed))


@pytest.mark.parametrize(("most", "counts"), [(40, [30, 9, 1]), (5, [3, 1, 1]), (3, [1, 1, 1])])
def test_a_sample_has_the_strata_in_proportion_and_at_least_one_row_of_each(
    most: int, counts: list[int]
) -> None:
    """A quarter of 120, 39 and 1 rows is 30, 9.75 and 0.25, and the last one has at least a row."""
    rows = sample(most)
    assert np.bincount(STRATA[rows]).tolist() == counts
    assert (np.diff(rows) > 0).all()
    assert np.isin(rows, ROWS).all()


def test_rows_that_are_not_too_many_stay_as_they_are() -> None:
    assert sample(160) is ROWS


def test_the_seed_determines_the_sample() -> None:
    """Fewer rows than strata are any rows."""
    assert {sample(2, seed=seed).size for seed in range(5)} == {2}
    first, again, another = (sample(40, seed=seed).tolist() for seed in (1, 1, 2))
    assert first == again != another


def test_rows_in_an_order_are_the_last_ones_by_it() -> None:
    order = -np.arange(200.0)
    assert sample(4, order=order).tolist() == ROWS[:4].tolist()
    assert sample(4, order=-order).tolist() == ROWS[-4:].tolist()


def test_labels_are_sampled_in_proportion() -> None:
    """A quarter of the 80 and 30 rows with a label, of 160."""
    labels = np.zeros((200, 2), np.int8)
    labels[ROWS[:80], 0] = 1
    labels[ROWS[65:95], 1] = 1
    rows = sample_rows(ROWS, 40, strata=labels, order=None, rng=np.random.default_rng(1))
    assert (len(rows), *labels[rows].sum(axis=0)) in {(40, 20, 7), (40, 20, 8)}
    assert np.isin(rows, ROWS).all()
    assert (np.diff(rows) > 0).all()
