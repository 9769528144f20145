from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fnnctl.metrics.paired import MANY, PairedTest, holm, mean_test, paired_test, sign_test

SCORES = st.lists(st.integers(0, 40).map(lambda right: right / 40), min_size=2, max_size=12)


def test_worked_by_hand() -> None:
    """Differences 1, 2, 3, 4, 5: mean 3, S² = 2.5, and with n₂/n₁ = 0.3 the variance is 0.5 · 2.5."""
    found = paired_test([2, 4, 6, 8, 10], [1, 2, 3, 4, 5], test_share=0.3)
    t = 3 / math.sqrt(1.25)
    assert found.difference == 3.0
    assert found.p == pytest.approx(2 * stats.t.sf(t, 4), rel=1e-12)
    assert found.p == pytest.approx(0.0550, abs=1e-4)
    assert found.ci95
    half = 2.7764451052 * math.sqrt(1.25)
    np.testing.assert_allclose(found.ci95, [3 - half, 3 + half], rtol=1e-9)


@given(scores=SCORES, seed=st.integers(0, 1000), share=st.sampled_from([0.0, 0.1, 0.25, 1.0]))
def test_against_scipy(scores: list[float], seed: int, share: float) -> None:
    """The t of scipy's paired test is divided by √(1 + J · n₂/n₁)."""
    others = np.random.default_rng(seed).normal(0.5, 0.2, len(scores))
    found = paired_test(scores, others.tolist(), test_share=share)
    plain = stats.ttest_rel(scores, others)
    t = plain.statistic / math.sqrt(1 + len(scores) * share)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), len(scores) - 1), rel=1e-9, abs=1e-13)
    assert found.ci95
    assert (found.ci95[0] <= 0 <= found.ci95[1]) == (found.p >= 0.05)


def test_equal_differences_give_the_p_of_a_sign_test() -> None:
    """A variance of 0 would give a p of 0; three times the same sign has a probability of 1/4."""
    found = paired_test([0.75, 0.5, 0.25], [0.5, 0.25, 0.0], test_share=0.2)
    assert found == PairedTest(0.25, None, 0.25)
    assert paired_test([0.5, 0.7, 0.9], [0.5, 0.7, 0.9], test_share=0.2) == PairedTest(0.0, None, 1.0)
    rounded = paired_test([0.3, 0.8, 1.1], [0.2, 0.7, 1.0], test_share=0.2)
    assert rounded.p == 0.25, "the differences are equal but for rounding"
    assert paired_test([1.0] * 10, [0.5] * 10, test_share=0.2).p == stats.binomtest(10, 10).pvalue


def test_one_pair_is_no_sample() -> None:
    with pytest.raises(ValueError, match="two pairs"):
        paired_test([1.0], [0.5], test_share=0.2)


class TestHolm:
    def test_worked_by_hand(self) -> None:
        """Holm's method: 0.01 · 4, 0.02 · 3, then 0.03 · 2, and 0.04 cannot be below the one before."""
        np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
        assert holm([0.5, 0.9]) == [1.0, 1.0]
        assert holm([0.03]) == [0.03]
        assert holm([]) == []

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
    def test_rejects_what_holms_procedure_rejects(self, values: list[float]) -> None:
        """At every level: the k smallest, up to the first that is above level / (m − k + 1)."""
        corrected = holm(values)
        order = sorted(range(len(values)), key=values.__getitem__)
        for level in (0.01, 0.05, 0.3):
            rejected = set()
            for rank, index in enumerate(order):
                if (len(values) - rank) * values[index] > level:
                    break
                rejected.add(index)
            assert {index for index, p in enumerate(corrected) if p <= level} == rejected


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (5, 0), (4, 0), (3, 9), (9, 3), (40, 31), (520, 480)])
def test_the_sign_test_is_the_exact_binomial_one(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses, alternative="greater").pvalue if wins + losses else 1.0
    assert sign_test(wins, losses) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("wins", "losses"), [(600, 500), (500, 501), (3100, 2900), (0, 2000)])
def test_many_rows_are_approximated(wins: int, losses: int) -> None:
    assert wins + losses > MANY
    expected = stats.binomtest(wins, wins + losses, alternative="greater").pvalue
    assert sign_test(wins, losses) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("rows", [2, 3, 30, 1000])
def test_the_mean_test_is_the_paired_t_test(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=rows)
    values += 0.5 / np.sqrt(rows) - values.mean()
    expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
    assert mean_test(values) == pytest.approx(expected, rel=1e-9)


def test_many_differences_are_approximated() -> None:
    values = np.random.default_rng(0).normal(0.05, 1, size=MANY + 1)
    expected = stats.ttest_1samp(values, 0, alternative="greater").pvalue
    assert mean_test(values) == pytest.approx(expected, abs=1e-3)


def test_what_no_t_test_can_say() -> None:
    assert mean_test(np.full(7, 0.3)) == 2.0**-7
    assert mean_test(np.array([3.0])) == 0.5
    assert mean_test(np.array([-1.0, 1.0])) == mean_test(np.full(4, -2.0)) == mean_test(np.zeros(5)) == 1.0
    assert mean_test(np.array([np.nan, 1.0])) == 1.0
    assert mean_test(np.array([np.inf, 1.0])) == 0.5
