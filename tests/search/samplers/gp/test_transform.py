from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew
from scipy.stats import yeojohnson as theirs

from fnnctl.search.samplers.gp.transform import normalized, standardized, yeo_johnson

LOSSES = np.exp(np.random.default_rng(0).normal(size=60))


@pytest.mark.parametrize("power", [-2.0, -0.3, 0.0, 0.7, 1.0, 2.0])
def test_the_transform_is_scipys(power: float) -> None:
    y = np.linspace(-3, 5, 33)
    np.testing.assert_allclose(yeo_johnson(y, power), theirs(y, power), rtol=1e-12, atol=1e-14)


def test_the_power_is_the_likeliest() -> None:
    y = standardized(LOSSES)
    best, _ = theirs(y)
    expected = standardized(best)
    np.testing.assert_allclose(normalized(LOSSES), expected, atol=0.05)


def test_a_long_tail_becomes_short() -> None:
    assert skew(LOSSES) > 1.5
    assert abs(skew(normalized(LOSSES))) < 0.5


@given(st.lists(st.floats(-1e300, 1e300) | st.just(float("inf")), min_size=1, max_size=30))
def test_the_order_stays(losses: list[float]) -> None:
    values = np.array([*losses, 1.0])
    y = normalized(values)
    assert np.isfinite(y).all()
    ordered = y[np.argsort(values, kind="stable")]
    assert (np.diff(ordered) >= -1e-12).all()


def test_they_have_mean_0_and_variance_1() -> None:
    y = normalized(LOSSES)
    assert (y.mean(), y.std()) == pytest.approx((0.0, 1.0), abs=1e-12)


def test_a_power_of_two_as_factor_changes_no_bit() -> None:
    np.testing.assert_array_equal(normalized(4.0 * LOSSES), normalized(LOSSES))


def test_equal_losses_are_zeros() -> None:
    np.testing.assert_array_equal(normalized(np.full(5, 0.1)), np.zeros(5))
    np.testing.assert_array_equal(normalized(np.array([0.1, np.inf])), np.zeros(2))
