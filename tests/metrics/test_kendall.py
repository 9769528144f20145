from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from fnnctl.arrays import FloatArray
from fnnctl.metrics.association import RankCorrelation, kendall

VALUES = st.one_of(st.integers(-4, 4).map(float), st.just(math.inf))
COLUMNS = st.lists(st.tuples(VALUES, VALUES), min_size=4, max_size=40).map(lambda rows: np.array(rows).T)


def known(first: FloatArray, second: FloatArray) -> RankCorrelation:
    found = kendall(first, second)
    assert found is not None
    return found


@given(COLUMNS)
def test_tau_is_that_of_scipy(columns: FloatArray) -> None:
    found, expected = kendall(*columns), kendalltau(*columns).statistic
    if found is None:
        assert math.isnan(expected)
    else:
        assert found.tau == pytest.approx(expected, abs=1e-12)
        assert -1 <= found.ci95[0] <= found.tau <= found.ci95[1] <= 1


@pytest.mark.parametrize("count", [257, 3000])
def test_long_columns(count: int) -> None:
    random = np.random.default_rng(count)
    first = random.normal(size=count).round(2)
    second = first + random.normal(size=count)
    assert known(first, second).tau == pytest.approx(kendalltau(first, second).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), ([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]), ([1.0] * 5, [math.inf] * 5)],
)
def test_too_few_rows_or_no_order(first: list[float], second: list[float]) -> None:
    assert kendall(np.array(first), np.array(second)) is None


def test_few_rows_in_the_same_order_prove_little() -> None:
    """Five independent rows are in the same order with probability 1/120, and four with 1/24."""
    (four, _), (five, _) = (known(np.arange(n), np.arange(n)).ci95 for n in (4.0, 5.0))
    assert 0 < four < 0.1 < five < 0.3


@pytest.mark.parametrize(("n", "rho", "step"), [(5, 0.0, 0.0), (13, 0.45, 0.5)])
def test_the_interval_has_the_true_value_in_95_of_100_samples(n: int, rho: float, step: float) -> None:
    random = np.random.default_rng(4)

    def sample(count: int) -> FloatArray:
        first, noise = random.normal(size=(2, count))
        columns = np.stack([first, rho * first + math.sqrt(1 - rho**2) * noise])
        return (columns / step).round() if step else columns

    true = known(*sample(20_000)).tau
    intervals = [known(*sample(n)).ci95 for _ in range(400)]
    assert np.mean([low <= true <= high for low, high in intervals]) > 0.92
