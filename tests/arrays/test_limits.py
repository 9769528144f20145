"""Numbers that become zero before they are subnormal."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays.limits import exp_or_zero, flush, limited, negligible


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_values_are_limited_in_their_type_unless_they_overflow(precision: str) -> None:
    values = np.array([[-3.0, 0.5, 7.0], [np.nan, np.inf, -np.inf]], precision)
    given = values.copy()
    found = limited(values, -1.0, np.array([2.0, 0.25, 3.0]))
    assert found.dtype == precision
    np.testing.assert_array_equal(found, [[-1.0, 0.25, 3.0], [np.nan, np.inf, -np.inf]])
    np.testing.assert_array_equal(values, given)


TYPES = [np.dtype("float32"), np.dtype("float64")]


def test_the_limit_of_float32_is_about_2_to_the_minus_88() -> None:
    assert 2.0**-89 < negligible(np.dtype("float32")) < 2.0**-88


@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_below_the_limit_become_zero_and_others_keep_their_bits(dtype: np.dtype[np.floating]) -> None:
    limits, limit = np.finfo(dtype), negligible(dtype)
    kept = np.array([1.0, -1.0, limit * 1.01, -limit * 1.01, np.inf, limits.max], dtype)
    small = np.array([limits.smallest_subnormal, -limits.tiny, limit * 0.99, 0.0], dtype)
    values = np.concatenate([kept, small])
    flush(values)
    assert values.tolist() == [*kept.tolist(), 0.0, 0.0, 0.0, 0.0]


def test_nan_stays() -> None:
    values = np.array([np.nan, 1e-40], np.float32)
    flush(values)
    assert np.isnan(values[0])
    assert values[1] == 0.0


def test_each_member_can_have_its_own_limit_and_scratch_memory_is_used() -> None:
    values = np.array([[0.5, 2.0], [0.5, 2.0]], np.float32)
    flush(values, np.array([[1.0], [3.0]]), np.empty_like(values))
    assert values.tolist() == [[0.0, 2.0], [0.0, 0.0]]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", [1, 3, 16, 1000])
def test_exponentials_are_those_of_numpy_or_zero(dtype: np.dtype[np.floating], size: int) -> None:
    least = 0.6 * np.log(np.finfo(dtype).tiny)
    exponents = np.linspace(1.2 * least, 0.0, size).astype(dtype)
    expected, values = np.exp(exponents), exponents.copy()
    exp_or_zero(values)
    large = exponents > 0.4 * least
    assert values[large].tobytes() == expected[large].tobytes()
    assert np.count_nonzero(values) == np.count_nonzero(exponents > least)
    assert not ((values > 0.0) & (values < np.finfo(dtype).tiny)).any()


def test_exponentials_keep_nan() -> None:
    values = np.array([np.nan, -np.inf, 0.0])
    exp_or_zero(values)
    assert np.isnan(values[0])
    assert values[1:].tolist() == [0.0, 1.0]
