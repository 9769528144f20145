"""Differences between two samples: p against SciPy, and the index by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.metrics.homogeneity import (
    LEAST_EXPECTED,
    chi_squared_tail,
    fisher_p,
    homogeneity_p,
    shift,
    stability_index,
)


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 21, 40])
def test_the_tail_of_chi_squared_is_that_of_scipy(degrees: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    for statistic in (0.0, 0.01, 1.0, 7.3, 60.0, 1300.0, 1e6):
        expected = stats.chi2.sf(statistic, degrees)
        assert chi_squared_tail(statistic, degrees) == pytest.approx(expected, rel=1e-10, abs=1e-300)


def test_homogeneity_is_tested_as_in_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for cells in range(2, 9):
        counts = rng.integers(1, 60, (2, cells))
        expected = stats.chi2_contingency(counts, correction=False).pvalue
        assert homogeneity_p(counts) == pytest.approx(expected, rel=1e-9)


def test_fishers_test_doubles_the_smaller_tail_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for _ in range(50):
        rows = int(rng.integers(2, 500))
        drawn, total = int(rng.integers(1, rows)), int(rng.integers(0, rows))
        count = int(rng.hypergeometric(total, rows - total, drawn))
        chances = stats.hypergeom(rows, total, drawn)
        expected = min(1.0, 2 * min(chances.cdf(count), chances.sf(count - 1)))
        assert fisher_p(count, total, drawn, rows) == pytest.approx(expected, rel=1e-8)
    many = stats.hypergeom(3000, 1500, 1500)
    assert fisher_p(720, 1500, 1500, 3000) == pytest.approx(2 * many.cdf(720), rel=1e-8)


def test_the_index_by_hand() -> None:
    """Shares of 10.5/41, 20.5/41 and 10/41 against 0.5 rows more in each of three cells."""
    counts = np.array([[10, 20, 30], [30, 20, 10]])
    low, high = 10.5 / 61.5, 30.5 / 61.5
    index = 2 * (high - low) * math.log(high / low)
    assert stability_index(counts) == pytest.approx(index - 2 * (1 / 60 + 1 / 60))


def test_the_index_of_samples_of_one_distribution_is_hardly_above_0() -> None:
    """Without the correction its mean would be 9 · (1/100 + 1/100) = 0.18."""
    rng = np.random.default_rng(0)
    indices = [stability_index(rng.multinomial(100, [0.1] * 10, 2)) for _ in range(200)]
    assert float(np.mean(indices)) < 0.05


ALIKE = np.array([100, 100, 100, 0])


@pytest.mark.parametrize(
    "new",
    [
        pytest.param([0, 0, 0, 30], id="all are missing"),
        pytest.param([10, 10, 4, 6], id="some are missing"),
        pytest.param([30, 0, 0, 0], id="all are in one bin"),
    ],
)
def test_few_rows_are_enough_for_a_large_shift(new: list[int]) -> None:
    assert shift(ALIKE, np.array(new), 1).p < 0.001


def test_few_rows_that_are_like_the_many_have_not_shifted() -> None:
    measured = shift(ALIKE, np.array([11, 9, 10, 0]), 1)
    assert (measured.psi, measured.p > 0.5) == (0.0, True)


def test_a_rare_bin_beside_a_frequent_one_is_tested_on_its_own() -> None:
    """Joined with the frequent one it would be lost: of 30 new rows less than 5 are expected there."""
    assert shift(np.array([9700, 300, 0]), np.array([15, 15, 0]), 1).p < 1e-6


@pytest.mark.parametrize(("of_bin", "new", "cells"), [
    pytest.param(3, [6, 0, 4, 2, 1, 5, 3, 3, 0, 6], [0, 2, 4, 6, 8], id="pairs, none of which differs"),
    pytest.param(2, [4, 1, 3, 3, 1, 0, 2, 3, 1], [0, 3, 6], id="triples"),
    pytest.param(3, [5, 3, 1, 40, 15], [0, 3, 4], id="a last bin is left, which joins the first two"),
])  # fmt: skip
def test_rare_neighbours_are_joined_until_they_have_enough_rows(
    of_bin: int, new: list[int], cells: list[int]
) -> None:
    """Of bins of 2 or 3 rows in each sample; those of 30 and 25 rows are cells of their own."""
    assert 2 * 2 < LEAST_EXPECTED < 2 * 3
    trained = [of_bin if rows < 10 else {40: 30, 15: 25}[rows] for rows in new]
    assert sum(trained) == sum(new)
    joined = np.add.reduceat(np.array([trained, new]), cells, axis=1)
    measured = shift(np.array([*trained, 0]), np.array([*new, 0]), 1)
    assert (measured.psi, measured.p) == pytest.approx((stability_index(joined), homogeneity_p(joined)))


def test_bins_apart_are_not_joined_and_are_tested_on_their_own_if_they_are_rare() -> None:
    """Of the 12 missing values 6 are expected in each sample, of the 8 unseen ones 4."""
    trained, new = np.array([100, 100, 8, 2]), np.array([92, 108, 0, 10])
    measured = shift(trained, new, 2)
    assert measured.psi == stability_index(np.stack([trained, new]))
    tests = fisher_p(0, 8, 210, 420), homogeneity_p(np.stack([trained, new])[:, [0, 1, 3]])
    assert measured.p == pytest.approx(2 * min(tests))


@pytest.mark.parametrize(("trained", "new"), [([5, 5, 1], [0, 0, 0]), ([0, 0, 0], [5, 5, 1])])
def test_without_rows_there_is_no_shift(trained: list[int], new: list[int]) -> None:
    measured = shift(np.array(trained), np.array(new), 1)
    assert (measured.psi, measured.p) == (0.0, 1.0)
