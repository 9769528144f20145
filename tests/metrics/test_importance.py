from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from fnnctl.arrays import FloatArray
from fnnctl.metrics.importance import LEAST_TRIALS, _chi_square_95, importance


def share(values: FloatArray, losses: FloatArray, *, categorical: bool = False) -> float:
    found = importance(values, losses, categorical=categorical)
    assert found is not None
    return found.share


def test_by_hand() -> None:
    """Ranks 1 to 20 in two groups: SS_between = 2·10·5² = 500 of SS_total = 20·399/12 = 665."""
    values, losses = np.repeat([0.0, 1.0], 10), np.arange(20.0)
    found = importance(values, losses, categorical=True)
    assert found is not None
    assert_allclose(found.share, 1 - (1 - 500 / 665) * 19 / 18)
    assert_allclose(found.chance, 1 - (1 - _chi_square_95(1) / 19) * 19 / 18)
    assert found.trials == 20


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_against_kruskal_and_wallis(seed: int, categories: int) -> None:
    """η² is H/(n − 1), ties included."""
    rng = np.random.default_rng(seed)
    values = np.repeat(np.arange(categories) * 1.0, 10)
    losses = np.round(values * rng.random() + rng.random(len(values)), 1)
    n = len(values)
    h = stats.kruskal(*(losses[values == category] for category in range(categories))).statistic
    expected = 1 - (1 - h / (n - 1)) * (n - 1) / (n - categories)
    assert_allclose(share(values, losses, categorical=True), max(0.0, expected), atol=1e-12)


@pytest.mark.parametrize("freedom", range(1, 8))
def test_the_percentile_of_chi_square(freedom: int) -> None:
    assert_allclose(_chi_square_95(freedom), stats.chi2.ppf(0.95, freedom), rtol=0.03)


@pytest.mark.parametrize("trials", [25, 60, 200])
def test_settings_that_matter_differ_from_those_that_do_not(trials: int) -> None:
    """A learning rate with its optimum in the middle of the range, and settings without effect."""
    rng = np.random.default_rng(1)
    rate, other = 10 ** rng.uniform(-4, 0, trials), rng.random(trials)
    losses = (np.log10(rate) + 2) ** 2 + 0.1 * rng.random(trials)
    matters, does_not = (importance(values, losses, categorical=False) for values in (rate, other))
    assert matters
    assert does_not
    assert matters.share > 0.5 > 2 * matters.chance
    assert does_not.share <= does_not.chance


def test_settings_that_do_nothing_stay_below_chance() -> None:
    """95 % of them; three standard errors of 400 draws are 3.3 %."""
    rng = np.random.default_rng(2)
    found = [importance(rng.random(50), rng.random(50), categorical=False) for _ in range(400)]
    above = np.mean([each is not None and each.share > each.chance for each in found])
    assert 0.017 < above < 0.083


def test_an_interaction_alone_is_not_seen() -> None:
    """A documented limitation: each setting of an exclusive or has no effect by itself."""
    first, second = np.repeat([0.0, 1.0], 40), np.tile([0.0, 1.0], 40)
    losses = (first != second) + 0.01 * np.random.default_rng(3).random(80)
    for values in (first, second):
        found = importance(values, losses, categorical=True)
        assert found
        assert found.share <= found.chance
    assert share(2 * first + second, losses, categorical=True) > 0.7


def test_only_orders_count() -> None:
    rng = np.random.default_rng(4)
    values, losses = rng.random(40), rng.random(40)
    assert share(values, losses) == share(np.exp(9 * values), np.log(losses))
    assert_allclose(share(values, losses), share(values, -losses))


def test_diverged_trials_are_the_worst() -> None:
    values = np.linspace(0, 1, 30)
    losses = np.where(values > 0.6, np.inf, 0.5)
    assert share(values, losses) > 0.8


def test_trials_without_the_setting_are_left_out() -> None:
    rng = np.random.default_rng(5)
    values, losses = rng.random(60), rng.random(60)
    values[::2] = np.nan
    found = importance(values, losses, categorical=False)
    assert found == importance(values[1::2], losses[1::2], categorical=False)
    assert found
    assert found.trials == 30


def test_rare_categories_are_left_out() -> None:
    values = np.array([0.0] * 12 + [1.0] * 12 + [2.0, 3.0])
    found = importance(values, np.arange(26.0), categorical=True)
    assert found
    assert found.trials == 24


@pytest.mark.parametrize(
    ("values", "losses", "categorical"),
    [
        (np.arange(LEAST_TRIALS - 1.0), np.arange(LEAST_TRIALS - 1.0), False),
        (np.empty(0), np.empty(0), False),
        (np.zeros(50), np.arange(50.0), False),
        (np.zeros(50), np.arange(50.0), True),
        (np.arange(50.0), np.arange(50.0), True),
        (np.arange(50.0), np.full(50, np.inf), False),
        (np.arange(50.0), np.zeros(50), False),
        (np.full(50, np.nan), np.arange(50.0), False),
        (np.array([0.0] * 18 + [1.0, 2.0, 3.0]), np.arange(21.0), True),
    ],
)
def test_no_importance_from_too_little(values: FloatArray, losses: FloatArray, categorical: bool) -> None:
    assert importance(values, losses, categorical=categorical) is None
