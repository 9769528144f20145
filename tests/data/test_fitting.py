from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fnnctl.arrays import FloatArray
from fnnctl.data.fitting import statistics

VALUES = np.array([1.0, 2.0, 4.0, 9.0])
SIZES = [1, 2, 8, 9, 130, 1500]


def centre_and_spread(values: FloatArray, scaling: str) -> tuple[float, float]:
    """Those of one column (n,)."""
    found = statistics(values[None], scaling=scaling, imputation="median")
    return float(found.centre[0]), float(found.spread[0])


def imputed_value(values: FloatArray, imputation: str) -> float:
    """That of one column (n,)."""
    return float(statistics(values[None], scaling="none", imputation=imputation).fill[0])


@pytest.mark.parametrize(
    ("scaling", "centre", "spread"),
    [
        ("standardize", 4.0, np.sqrt((9 + 4 + 0 + 25) / 4)),
        ("robust", 3.0, 5.25 - 1.75),
        ("minmax", 1.0, 8.0),
        ("none", 0.0, 1.0),
    ],
)
def test_worked_by_hand(scaling: str, centre: float, spread: float) -> None:
    assert centre_and_spread(VALUES, scaling) == pytest.approx((centre, spread), rel=1e-15)
    assert [imputed_value(VALUES, imputation) for imputation in ("median", "mean")] == [3.0, 4.0]


@pytest.mark.parametrize("scaling", ["standardize", "robust", "minmax"])
def test_a_constant_column_is_centred_to_the_bit_and_not_divided(scaling: str) -> None:
    assert centre_and_spread(np.full(3, 0.1), scaling) == (0.1, 1.0)
    assert centre_and_spread(np.zeros(3), scaling) == (0.0, 1.0)


def test_without_a_quartile_range_the_spread_is_half_the_range() -> None:
    assert centre_and_spread(np.array([0.0, 0, 0, 0, 7]), "robust") == (0.0, 3.5)
    assert centre_and_spread(np.array([-1e308, 0, 0, 0, 1e308]), "robust") == (0.0, 1e308)


@pytest.mark.parametrize("scaling", ["standardize", "robust", "minmax"])
@pytest.mark.parametrize("exponent", [-1000, -300, 300, 1000])
def test_huge_and_tiny_numbers_are_scaled_like_others(scaling: str, exponent: int) -> None:
    centre, spread = centre_and_spread(VALUES, scaling)
    scaled = centre_and_spread(np.ldexp(VALUES, exponent), scaling)
    assert scaled == (np.ldexp(centre, exponent), np.ldexp(spread, exponent))


@given(
    hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(allow_nan=False, allow_infinity=False)),
    st.sampled_from(["standardize", "robust", "minmax", "none"]),
)
def test_statistics_are_finite_and_the_spread_is_positive(values: np.ndarray, scaling: str) -> None:
    centre, spread = centre_and_spread(values, scaling)
    assert np.isfinite(centre)
    assert np.isfinite(spread)
    assert spread > 0
    lost = np.abs(values).max() * 1e-300 + 1e-300
    assert imputed_value(values, "median") == pytest.approx(float(np.median(values / 2)) * 2, abs=lost)


@pytest.mark.parametrize("scaling", ["standardize", "robust", "minmax", "none"])
@pytest.mark.parametrize("n", SIZES)
def test_a_column_has_the_bits_that_it_has_alone(n: int, scaling: str) -> None:
    rng = np.random.default_rng(n)
    columns = rng.normal(size=(9, n)) * np.ldexp(1.0, rng.integers(-40, 40, (9, 1)))
    columns[3] = 0.1
    columns[4] = np.round(columns[4])
    for imputation in ("median", "mean"):
        together = np.array(statistics(columns, scaling=scaling, imputation=imputation))
        alone = [statistics(column[None], scaling=scaling, imputation=imputation) for column in columns]
        np.testing.assert_array_equal(together, np.array(alone)[:, :, 0].T)


@pytest.mark.parametrize("n", SIZES)
def test_the_bits_are_those_of_numpy_for_one_column(n: int) -> None:
    columns = np.random.default_rng(n).uniform(0.5, 1.0, (5, n))
    columns[:, 0] = 0.75
    found = statistics(columns, scaling="standardize", imputation="median")
    assert found.centre.tolist() == [float(np.mean(column)) for column in columns]
    assert found.spread.tolist() == [float(np.std(column)) if n > 1 else 1.0 for column in columns]
    assert found.fill.tolist() == [float(np.median(column)) for column in columns]
