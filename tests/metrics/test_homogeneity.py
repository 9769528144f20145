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


def test_rare_neighbours_are_joined_until_they_have_enough_rows() -> None:
    """30 rows in ten bins of each sample: pairs of bins have 6, and the χ² test has five cells."""
    trained, new = np.full(10, 3), np.array([6, 0, 4, 2, 1, 5, 3, 3, 0, 6])
    assert 3 < LEAST_EXPECTED < 6
    pairs = np.stack([trained.reshape(5, 2).sum(axis=1), new.reshape(5, 2).sum(axis=1)])
    assert shift(np.array([*trained, 0]), np.array([*new, 0]), 1).p == homogeneity_p(pairs) == 1.0


@pytest.mark.parametrize(("trained", "new"), [([5, 5, 1], [0, 0, 0]), ([0, 0, 0], [5, 5, 1])])
def test_without_rows_there_is_no_shift(trained: list[int], new: list[int]) -> None:
    measured = shift(np.array(trained), np.array(new), 1)
    assert (measured.psi, measured.p) == (0.0, 1.0)
