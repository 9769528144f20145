"""Unit deviances beside scikit-learn's, and near the powers at which their formula changes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance, mean_tweedie_deviance

from fnnctl.arrays import FloatArray
from fnnctl.arrays.deviances import half_deviances

MEANS = np.array([0.5, 2.0, 3.0, 1e-6, 1e6])
TARGETS = np.array([1.0, 2.0, 7.0, 4.0, 2e6])


def test_worked_out_by_hand() -> None:
    log_2 = np.log(2.0)
    two, one = np.array([2.0]), np.array([1.0])
    assert half_deviances(two, one, 1.0) == pytest.approx(2 * log_2 - 1)
    assert half_deviances(two, one, 2.0) == pytest.approx(1 - log_2)
    # 2 · (√2 … ) with p = 3/2: 2(√y − √m)²/√m
    assert half_deviances(two, one, 1.5) == pytest.approx(2 * (np.sqrt(2) - 1) ** 2)


@pytest.mark.parametrize("power", [1.0, 1.2, 1.5, 1.9, 2.0])
def test_as_scikit_learns(power: float) -> None:
    expected = mean_tweedie_deviance(TARGETS, MEANS, power=power)
    assert 2 * half_deviances(TARGETS, MEANS, power).mean() == pytest.approx(expected, rel=1e-9)


def test_a_count_may_be_zero() -> None:
    targets = np.array([0.0, 0.0, 3.0])
    means = np.array([0.5, 1e5, 1.0])
    assert 2 * half_deviances(targets, means, 1.0).mean() == pytest.approx(
        mean_poisson_deviance(targets, means)
    )
    for power in (1.01, 1.5, 1.99):
        expected = mean_tweedie_deviance(targets, means, power=power)
        assert 2 * half_deviances(targets, means, power).mean() == pytest.approx(expected)


def test_between_two_powers_there_is_no_step() -> None:
    below, gamma = (half_deviances(TARGETS, MEANS, power) for power in (2.0 - 1e-9, 2.0))
    assert below == pytest.approx(gamma, rel=1e-6)
    assert 2 * gamma.mean() == pytest.approx(mean_gamma_deviance(TARGETS, MEANS))
    above, poisson = (half_deviances(TARGETS, MEANS, power) for power in (1.0 + 1e-9, 1.0))
    assert above == pytest.approx(poisson, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_numbers_have_none(dtype: type) -> None:
    numbers: FloatArray = np.array([1e-3, 1.0, 250.0], dtype)
    for power in (1.0, 1.5, 2.0):
        assert np.abs(half_deviances(numbers, numbers, power)).max() < 1e-6
