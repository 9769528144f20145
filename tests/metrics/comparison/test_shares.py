from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from fnnctl.metrics.comparison import shares
from fnnctl.metrics.comparison.shares import (
    FisherPower,
    fisher,
    lowest_paired_difference,
    paired_interval,
    paired_shares,
    unpaired_interval,
    unpaired_shares,
)
from fnnctl.metrics.paired import LEVEL

COUNT = st.integers(0, 30)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17, 1998, pages 2635-2650: method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        # Altman et al., Statistics with Confidence, 2000, table 6.2, page 52.
        ((14, 5, 0, 22), 0.011, 0.226),
    ],
)
def test_newcombes_paired_interval(table: tuple[int, int, int, int], low: float, high: float) -> None:
    digits = 4 if low == 0.0569 else 3
    assert [round(end, digits) for end in paired_interval(*table)] == [low, high]


def test_newcombes_unpaired_interval() -> None:
    """56 of 70 and 48 of 80: Newcombe, Statistics in Medicine 17, 1998, pages 873-890, method 10."""
    assert [round(end, 4) for end in unpaired_interval(56, 70, 48, 80)] == [0.0524, 0.3339]


@given(both=COUNT, first=COUNT, second=COUNT, neither=st.integers(1, 30))
def test_mcnemar_is_the_exact_binomial_test(both: int, first: int, second: int, neither: int) -> None:
    found = paired_shares(both, first, second, neither)
    n = both + first + second + neither
    assert found.value == pytest.approx((first - second) / n)
    if not first + second:
        assert found.p == found.p_above == found.p_below == 1.0
        return
    for alternative, p in (("two-sided", found.p), ("greater", found.p_above), ("less", found.p_below)):
        oracle = stats.binomtest(first, first + second, 0.5, alternative=alternative)
        assert p == pytest.approx(oracle.pvalue)


@given(both=COUNT, first=COUNT, second=COUNT, neither=st.integers(1, 30))
def test_the_paired_interval_agrees_with_the_test(both: int, first: int, second: int, neither: int) -> None:
    found = paired_shares(both, first, second, neither)
    mirrored = paired_shares(both, second, first, neither)
    assert found.ci95
    low, high = found.ci95
    assert -1 <= low <= found.value <= high <= 1
    assert (low <= 0 <= high) or found.p < LEVEL
    assert mirrored.reversed().ci95 == pytest.approx(found.ci95)


@given(rows=st.integers(1, 40), other_rows=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_fishers_test_is_scipys(rows: int, other_rows: int, seed: int) -> None:
    hits, other_hits = seed % (rows + 1), seed // 41 % (other_rows + 1)
    table = [[hits, rows - hits], [other_hits, other_rows - other_hits]]
    oracles = [
        stats.fisher_exact(table, alternative=each).pvalue for each in ("two-sided", "less", "greater")
    ]
    assert fisher(hits, rows, other_hits, other_rows) == pytest.approx(oracles, rel=1e-6)


def test_many_rows_have_the_test_of_two_proportions(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the root of the chi-squared test without a correction, and near Fisher's."""
    exact = unpaired_shares(1700, 2000, 1760, 2000)
    monkeypatch.setattr(shares, "MAX_ROWS", 100)
    found = unpaired_shares(1700, 2000, 1760, 2000)
    oracle = stats.chi2_contingency([[1700, 300], [1760, 240]], correction=False)
    assert found.p == pytest.approx(oracle.pvalue)
    assert found.p_below == pytest.approx(oracle.pvalue / 2)
    assert found.p == pytest.approx(exact.p, abs=1.5e-3)
    assert unpaired_shares(2000, 2000, 2000, 2000).p == 1.0, "without a wrong row there is no variance"


def test_the_smallest_difference_that_can_be_found() -> None:
    """Five discordant rows on one side have p = 0.0625, six 0.03125; one-sided, five are enough."""
    assert paired_shares(94, 5, 0, 1).p > LEVEL > paired_shares(93, 6, 0, 1).p
    one = paired_shares(99, 1, 0, 0)
    for sides, needed in ((2, 6), (1, 5)):
        share = one.detectable(sides=sides)
        assert stats.binom.sf(needed - 1, 100, share) == pytest.approx(0.8)
    assert paired_shares(5, 0, 0, 0).detectable() == math.inf
    assert paired_shares(6, 0, 0, 0).detectable() == pytest.approx(0.8 ** (1 / 6)), "all six must differ"
    many = paired_shares(800, 60, 40, 100)
    assert many.detectable() == pytest.approx((1.959964 + 0.841621) * math.sqrt(100) / 1000, rel=1e-5)
    assert many.samples_needed() == pytest.approx((2.801585 * 0.01 / 0.02) ** 2, rel=1e-5)


def score_statistic(first: int, second: int, n: int, difference: float) -> float:
    """The score test of the difference of two paired shares, with its likelihood maximized numerically."""

    def minus_log_likelihood(share: float) -> float:
        shares = share + difference, share, 1 - 2 * share - difference
        counts = first, second, n - first - second
        return -sum(count * math.log(max(p, 1e-300)) for count, p in zip(counts, shares, strict=True))

    bounds = max(0.0, -difference), (1 - difference) / 2
    share = optimize.minimize_scalar(
        minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}
    ).x
    return (first - second - n * difference) / math.sqrt(n * (2 * share + difference - difference**2))


@given(first=st.integers(0, 20), second=st.integers(0, 20), others=st.integers(1, 60))
def test_the_limit_of_paired_shares_is_that_of_the_score_test(first: int, second: int, others: int) -> None:
    n = first + second + others
    limit = lowest_paired_difference(first, second, n)
    assert score_statistic(first, second, n, limit) == pytest.approx(stats.norm.ppf(0.95), abs=1e-3)
    found = paired_shares(others, first, second, 0)
    assert found.limits[0] == limit <= found.value <= found.limits[1]
    assert found.reversed().limits == paired_shares(others, second, first, 0).limits


def test_the_limit_without_a_discordant_row_by_hand() -> None:
    """Then q̂ is δ, and nδ / √(nδ(1 − δ)) = z gives δ = z² / (n + z²)."""
    square = stats.norm.ppf(0.95) ** 2
    assert lowest_paired_difference(0, 0, 100) == pytest.approx(-square / (100 + square))


@pytest.mark.parametrize(("n", "share"), [(36, 0.1), (100, 0.05)])
def test_equal_predictors_pass_the_equal_margin_in_80_of_100(n: int, share: float) -> None:
    """Over all tables near the expected one, from whose number of discordant rows the margin follows."""
    margin = paired_shares(n - round(2 * share * n), round(share * n), round(share * n), 0).equal_margin()
    assert margin
    counts = [
        (first, second, n - first - second)
        for first in range(min(n, 50))
        for second in range(min(n - first, 50))
        if -lowest_paired_difference(first, second, n) < margin
    ]
    passed = stats.multinomial.pmf(counts, n, (share, share, 1 - 2 * share)).sum()
    assert passed == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(("rows", "other_rows", "share"), [(60, 60, 0.9), (30, 80, 0.95)])
def test_fishers_test_detects_the_difference_in_80_percent(rows: int, other_rows: int, share: float) -> None:
    """The exact power, over all tables. That of the normal approximation was below 65 % for shares near 1."""
    difference = FisherPower(share, rows, other_rows).detectable(sides=1)
    hits, other_hits = range(rows + 1), range(other_rows + 1)
    chances = stats.binom.pmf(hits, rows, share - difference), stats.binom.pmf(other_hits, other_rows, share)
    power = sum(
        chances[0][h] * chances[1][k]
        for k in other_hits
        for h in hits
        if chances[0][h] * chances[1][k] > 1e-9 and fisher(h, rows, k, other_rows)[1] < LEVEL
    )
    assert power == pytest.approx(0.8, abs=0.04)
    assert FisherPower(0.5, 3, 3).detectable(sides=1) == math.inf
