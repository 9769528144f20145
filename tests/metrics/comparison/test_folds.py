from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fnnctl.metrics.comparison.folds import folds_and_part, paired_folds, unpaired_folds

SEED = st.integers(0, 10**6)


@given(seed=SEED, folds=st.integers(2, 30), share=st.sampled_from([0.0, 0.1, 0.25]))
def test_paired_folds_against_scipy(seed: int, folds: int, share: float) -> None:
    """The t of scipy's paired test is divided by √(1 + J · n₂/n₁)."""
    rng = np.random.default_rng(seed)
    scores, others = rng.normal(0.8, 0.1, (2, folds)).tolist()
    found, plain = paired_folds(scores, others, test_share=share), stats.ttest_rel(scores, others)
    t = plain.statistic / math.sqrt(1 + folds * share)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), folds - 1))
    assert found.p_above == pytest.approx(stats.t.sf(t, folds - 1))
    assert found.p_below == pytest.approx(stats.t.cdf(t, folds - 1))


@given(seed=SEED, folds=st.integers(2, 30), others=st.integers(2, 30))
def test_unpaired_folds_without_a_correction_are_welchs_test(seed: int, folds: int, others: int) -> None:
    """But the degrees of freedom are rounded down."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.8, 0.1, folds), rng.normal(0.7, 0.03, others)
    found = unpaired_folds(a.tolist(), b.tolist(), test_shares=(0.0, 0.0))
    oracle = stats.ttest_ind(a, b, equal_var=False)
    freedom = math.floor(oracle.df)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(oracle.statistic), freedom))
    assert found.p_above == pytest.approx(stats.t.sf(oracle.statistic, freedom))
    half = stats.t.ppf(0.975, freedom) * found.value / oracle.statistic
    assert found.ci95 == pytest.approx([found.value - half, found.value + half])


def test_the_correction_by_hand() -> None:
    """Both have S² = 1 and J = 3; with n₂/n₁ = 0.25 each variance is 1/3 + 1/4, and there are 4 degrees."""
    found = unpaired_folds([3.0, 4.0, 5.0], [1.0, 2.0, 3.0], test_shares=(0.25, 0.25))
    t = 2 / math.sqrt(2 * (1 / 3 + 1 / 4))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 4))
    assert found.error == pytest.approx(2 / t)


def test_a_cross_validation_and_a_test_part_by_hand() -> None:
    found = folds_and_part([3.0, 4.0, 5.0], 2.0, test_share=0.25, error=0.5)
    t = 2 / math.sqrt(1 / 3 + 1 / 4 + 0.25)
    assert found.value == 2.0
    assert found.p_above == pytest.approx(stats.t.sf(t, 2))


def test_limits_of_folds_by_hand() -> None:
    """Differences of −0.01, −0.02 and −0.03: S is 0.01, and √(1/3 + 1/4) of it the error; t has 2 degrees."""
    found = paired_folds([0.89, 0.88, 0.87], [0.9, 0.9, 0.9], test_share=0.25)
    error = 0.01 * math.sqrt(1 / 3 + 1 / 4)
    assert found.limits == pytest.approx((-0.02 - 2.919986 * error, -0.02 + 2.919986 * error), rel=1e-5)
    assert found.equal_margin() == pytest.approx((2.919986 + 1.060660) * error)
    other = unpaired_folds([3.0, 4.0, 5.0], [1.0, 2.0, 3.0], test_shares=(0.25, 0.25))
    half = stats.t.ppf(0.95, 4) * math.sqrt(2 * (1 / 3 + 1 / 4))
    assert other.limits == pytest.approx((2 - half, 2 + half))


def test_limits_of_folds_without_a_spread_need_enough_folds() -> None:
    five, four = ([0.5] * count for count in (5, 4))
    assert paired_folds(five, five, test_share=0.25).limits == (0.0, 0.0)
    assert paired_folds(four, four, test_share=0.25).limits == (-math.inf, math.inf)
    assert unpaired_folds([1.0] * 5, five, test_shares=(0.25, 0.25)).limits == (0.5, 0.5)
    assert unpaired_folds([1.0] * 2, [0.5] * 2, test_shares=(0.25, 0.25)).limits == (-math.inf, math.inf)


def test_scores_without_a_spread() -> None:
    equal = unpaired_folds([0.5, 0.5], [0.5, 0.5, 0.5], test_shares=(0.25, 0.25))
    assert (equal.value, equal.ci95, equal.p) == (0.0, None, 1.0)
    shifted = unpaired_folds([1.0] * 5, [0.5] * 5, test_shares=(0.25, 0.25))
    assert (shifted.value, shifted.ci95) == (0.5, None)
    assert shifted.p == pytest.approx(2 / 252)
    assert (shifted.p_above, shifted.p_below) == pytest.approx((1 / 252, 251 / 252))
    assert unpaired_folds([0.5] * 5, [1.0] * 5, test_shares=(0.25, 0.25)) == shifted.reversed()
    zeros = folds_and_part([0.0, 0.0], 0.0, test_share=0.25, error=0.0)
    assert (zeros.value, zeros.ci95, zeros.p) == (0.0, None, 1.0)
    assert folds_and_part([1.0, 1.0], 0.5, test_share=0.25, error=0.0).p == pytest.approx(2 / 3)
    assert paired_folds([1.0] * 5, [0.5] * 5, test_share=0.25).p == pytest.approx(2.0**-4)
