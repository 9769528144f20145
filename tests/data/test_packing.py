from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.data.matrix import Packing

NAN = np.nan


def there_and_back(column: FloatArray, sample: int | None = None) -> FloatArray:
    packing = Packing.of(column[:sample, None])
    stored = packing.pack(column[:, None])
    assert stored.dtype == np.float32
    restored: FloatArray = packing.unpack(stored)[:, 0]
    return restored


def test_whole_numbers_and_constants_are_kept_to_the_bit() -> None:
    ids = 1_700_000_000.0 + np.random.default_rng(0).permutation(1_000_000)
    np.testing.assert_array_equal(there_and_back(ids, 1000), ids)
    np.testing.assert_array_equal(there_and_back(np.full(5, 0.1)), np.full(5, 0.1))


def test_seven_digits_of_the_distance_from_the_middle_are_kept() -> None:
    """float32 alone would round 1.7e9 to multiples of 128, but these differ by thousandths."""
    column = 1.7e9 + np.random.default_rng(1).normal(size=1000)
    np.testing.assert_allclose(there_and_back(column), column, rtol=0, atol=4 * 2**-24 + 2**-22)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_any_magnitude_keeps_its_digits(factor: float) -> None:
    column = np.random.default_rng(2).normal(size=1000) * factor
    np.testing.assert_allclose(there_and_back(column) / factor, column / factor, rtol=0, atol=5e-7)


def test_what_is_missing_stays_so_and_an_empty_sample_changes_nothing() -> None:
    np.testing.assert_array_equal(there_and_back(np.array([NAN, NAN, 3.0, NAN]), 2), [NAN, NAN, 3.0, NAN])


def test_later_numbers_may_be_far_larger_and_the_largest_is_the_limit() -> None:
    column = np.array([0.0, 1e-40, 2e-40, 0.5, 1e308])
    back = there_and_back(column, 3)
    np.testing.assert_allclose(back[:4], column[:4], rtol=1e-6, atol=1e-46)
    assert 1e6 < back[4] < np.inf


def test_opposite_numbers_near_the_end_of_float64_do_not_overflow() -> None:
    column = np.array([1.7e308, -1.7e308, 1.6e308])
    back = there_and_back(column)
    assert np.isfinite(back).all()
    assert np.sign(back).tolist() == [1, -1, 1]
