from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fnnctl.data.scaling import centre_and_spread, imputed_value

VALUES = np.array([1.0, 2.0, 4.0, 9.0])


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


@pytest.mark.parametrize(("imputation", "value"), [("median", 3.0), ("mean", 4.0)])
def test_the_imputed_value(imputation: str, value: float) -> None:
    assert imputed_value(VALUES, imputation) == value


@pytest.mark.parametrize("scaling", ["standardize", "robust", "minmax"])
def test_a_constant_column_is_centred_to_the_bit_and_not_divided(scaling: str) -> None:
    assert centre_and_spread(np.full(3, 0.1), scaling) == (0.1, 1.0)
    assert centre_and_spread(np.zeros(3), scaling) == (0.0, 1.0)


def test_a_spread_of_zero_among_different_values_is_one() -> None:
    assert centre_and_spread(np.array([0.0, 0, 0, 0, 7]), "robust") == (0.0, 1.0)


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
