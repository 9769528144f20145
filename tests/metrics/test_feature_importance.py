"""Importances against numbers worked out by hand, and intervals against known importances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics import feature_importance
from fnnctl.metrics.feature_importance import (
    REPEATS,
    Estimate,
    drawn_rows,
    estimate,
    permutations,
    strong_correlations,
)


def test_each_column_has_permutations_of_its_own() -> None:
    first, second = (permutations(7, column, 50) for column in ("a", "b"))
    assert first.shape == (REPEATS, 50)
    assert REPEATS == 10, "the page of reports says so"
    assert (np.sort(first, axis=1) == np.arange(50)).all()
    assert len({each.tobytes() for each in (*first, *second)}) == 2 * REPEATS
    assert permutations(7, "a", 50).tobytes() == first.tobytes()
    assert permutations(8, "a", 50).tobytes() != first.tobytes()


def test_few_rows_are_all_used_and_many_are_drawn_in_order() -> None:
    assert drawn_rows(7, 5, 5).tolist() == [0, 1, 2, 3, 4]
    drawn = drawn_rows(7, 1000, 100)
    assert len(set(drawn.tolist())) == 100
    assert (np.diff(drawn) > 0).all()
    assert 350 < drawn.mean() < 650


NO_TARGETS = np.zeros(3)


def permuted_rows(rng: np.random.Generator, rows: int, repeats: int = 10) -> IntArray:
    return np.array([rng.permutation(rows) for _ in range(repeats)])


@pytest.fixture
def any_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows give an interval, so that it can be worked out by hand."""
    monkeypatch.setattr("fnnctl.metrics.feature_importance.LEAST_ROWS", 2)


@pytest.mark.usefixtures("any_rows")
def test_a_mean_worked_out_by_hand() -> None:
    """Changes (1, 0, 3) and (1, 3, 0): rows receive 1, 1.5, 1.5; rows 0, 1, 2 give the following."""
    losses = np.array([1.0, 2.0, 0.0])
    permuted = np.array([[2.0, 2.0, 3.0], [2.0, 5.0, 0.0]])
    donors = np.array([[1, 0, 2], [2, 0, 1]])
    given = np.array([(0.0 + 3.0) / 2, (1.0 + 0.0) / 2, (3.0 + 1.0) / 2])
    influence = np.array([1.0, 1.5, 1.5]) + given
    found = estimate("log_loss", losses, permuted, donors, NO_TARGETS)
    assert found is not None
    assert found.mean == pytest.approx(4 / 3)
    assert found.std == 0.0
    half_width = stats.t.ppf(0.975, 2) * np.std(influence, ddof=1) / math.sqrt(3)
    assert found.ci95 == pytest.approx([4 / 3 - half_width, 4 / 3 + half_width])


def test_r2_and_rmse_are_differences_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    targets, losses, permuted = rng.normal(size=40), rng.random(40), 1 + rng.random((10, 40))
    donors = permuted_rows(rng, 40)
    r2 = 1 - losses.sum() / np.square(targets - targets.mean()).sum()
    of_permuted = 1 - permuted.sum(axis=1) / np.square(targets - targets.mean()).sum()
    found = estimate("r2", losses, permuted, donors, targets)
    assert found is not None
    assert found.mean == pytest.approx((r2 - of_permuted).mean())
    assert found.std == pytest.approx(np.std(r2 - of_permuted))
    rises = np.sqrt(permuted.mean(axis=1)) - math.sqrt(losses.mean())
    rmse = estimate("rmse", losses, permuted, donors, targets)
    assert rmse is not None
    assert rmse.mean == pytest.approx(rises.mean())
    assert rmse.std == pytest.approx(np.std(rises))


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "r2", "rmse"])
def test_a_column_without_effect_has_no_importance(metric: str) -> None:
    rng = np.random.default_rng(1)
    losses, targets = rng.random(20), rng.normal(size=20)
    found = estimate(metric, losses, np.tile(losses, (10, 1)), permuted_rows(rng, 20), targets)
    assert found == Estimate(0.0, 0.0, [0.0, 0.0])
    assert not found.is_positive


def test_what_does_not_exist() -> None:
    donors, ones = np.array([[1, 0]]), np.ones(2)
    assert estimate("r2", ones, 2 * ones[None], donors, ones) is None  # the targets have no variance
    assert estimate("rmse", ones, np.full((1, 2), np.inf), donors, ones) is None
    alone = estimate("log_loss", ones[:1], ones[None, :1], np.array([[0]]), ones[:1])
    assert alone == Estimate(0.0, 0.0, None)
    assert not alone.is_positive
    shifted, losses = np.roll(np.arange(5), 1)[None], np.zeros(5)
    perfect = estimate("rmse", losses, np.zeros((1, 5)), shifted, losses)
    assert perfect == Estimate(0.0, 0.0, [0.0, 0.0])
    assert estimate("rmse", losses[:4], np.zeros((1, 4)), shifted[:, :4] % 4, losses[:4]) == alone


SLOPES = (1.0, 0.25, 0.0)


def measured(metric: str, rows: int, slope: float, rng: np.random.Generator) -> Estimate:
    """The importance of x for the network that knows y = slope·x + z + noise, on new rows.

    The squared error rises by 2·slope² on average, from 1.
    """
    x, z, noise = rng.normal(size=(3, rows))
    donors = permuted_rows(rng, rows)
    permuted: FloatArray = np.square(slope * x + noise - slope * x[donors])
    found = estimate(metric, np.square(noise), permuted, donors, slope * x + z + noise)
    assert found is not None
    return found


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("metric", ["log_loss", "r2", "rmse"])
def test_most_intervals_contain_the_importance_among_all_rows(metric: str, slope: float) -> None:
    """Of 400 intervals, 95 % would be 380."""
    rise, rng = 2 * slope**2, np.random.default_rng(5)
    known = {
        "log_loss": rise,  # any mean loss
        "r2": rise / (slope**2 + 2),
        "rmse": math.sqrt(1 + rise) - 1,
    }[metric]
    found = [measured(metric, 150, slope, rng) for _ in range(400)]
    inside = sum(low <= known <= high for low, high in (each.ci95 or (1.0, 0.0) for each in found))
    assert inside >= 364
    if slope:
        assert inside <= 396  # and the intervals are not too wide
        assert sum(each.is_positive for each in found) > (395 if slope == 1 else 200)


@pytest.mark.usefixtures("any_rows")
def test_rows_that_do_not_count_give_their_values_alone() -> None:
    """The last row has no target: it gives its value to row 0."""
    losses = np.array([1.0, 2.0, 0.0, 9.0])
    permuted = np.array([[4.0, 2.5, 3.0, 7.0]])
    donors, is_counted = np.array([[3, 2, 0, 1]]), np.array([True, True, True, False])
    importance = estimate("log_loss", losses, permuted, donors, np.zeros(4), is_counted)
    assert importance is not None
    changes = np.array([3.0, 0.5, 3.0, 0.0]) * 4 / 3
    mean = 6.5 / 3
    assert importance.mean == pytest.approx(mean)
    influence = changes + changes[[2, 3, 1, 0]] - mean * np.array([4, 4, 4, 0]) / 3
    half_width = stats.t.ppf(0.975, 2) * math.sqrt(np.var(influence) / 4 * 3 / 2)
    assert importance.ci95 == pytest.approx([mean - half_width, mean + half_width])


@pytest.mark.parametrize("metric", ["log_loss", "r2", "rmse"])
def test_that_all_rows_count_changes_no_bit(metric: str) -> None:
    rng = np.random.default_rng(3)
    losses, targets, permuted = rng.random(31), rng.normal(size=31), rng.random((10, 31))
    arguments = metric, losses, permuted, permuted_rows(rng, 31), targets
    assert estimate(*arguments) == estimate(*arguments, np.ones(31, np.bool_))


@pytest.mark.parametrize("metric", ["log_loss", "r2", "rmse"])
def test_most_intervals_contain_the_importance_though_rows_lack_the_target(metric: str) -> None:
    """A third of them, more often those with a large x: values are those of all rows."""
    rng, rows, slope, inside = np.random.default_rng(6), 200, 0.5, 0
    x = rng.normal(size=2_000_000)
    shares = 1.0 / (1.0 + np.exp(x - 0.7))
    spread = np.average(x**2, weights=shares)
    mean = np.average(x, weights=shares)
    rise = slope**2 * (spread + 1.0)  # of (x - x')², where x' has the mean 0 and the variance 1
    variance = slope**2 * (spread - mean**2) + 2.0
    truth = {"log_loss": rise, "r2": rise / variance, "rmse": math.sqrt(1 + rise) - 1}[metric]
    for _ in range(400):
        x, z, noise = rng.normal(size=(3, rows))
        donors, is_counted = permuted_rows(rng, rows), rng.random(rows) < 1.0 / (1.0 + np.exp(x - 0.7))
        permuted = np.where(is_counted, np.square(slope * (x - x[donors]) + noise), 0.0)
        losses, targets = np.where(is_counted, np.square(noise), 0.0), slope * x + z + noise
        importance = estimate(
            metric, losses, permuted, donors, np.where(is_counted, targets, 0.0), is_counted
        )
        low, high = (importance and importance.ci95) or (1.0, 0.0)
        inside += low <= truth <= high
    assert 364 <= inside <= 397


def test_few_rows_that_count_have_no_interval() -> None:
    is_counted, donors = np.array([True, False, False]), np.array([[1, 2, 0]])
    importance = estimate(
        "rmse", np.array([4.0, 0, 0]), np.array([[9.0, 0, 0]]), donors, np.zeros(3), is_counted
    )
    assert importance == Estimate(1.0, 0.0, None)
    assert estimate("r2", np.ones(3), np.ones((1, 3)), donors, np.zeros(3), is_counted) is None


RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 200))
NUMBERS = np.stack([A, -A + 0.1 * B, B, C, A + 0.3 * C, np.ones(200)], axis=1)


def places(*owned: list[int]) -> dict[str, np.ndarray]:
    return {name: np.array(each, np.intp) for name, each in zip("abcdef", owned, strict=False)}


def test_what_belongs_to_one_column_or_to_none_is_not_compared() -> None:
    assert strong_correlations(NUMBERS, places([0, 1, 4], [2], [3], [5], [])) == {}
    assert strong_correlations(NUMBERS, places([0], [2])) == {}
    found = strong_correlations(NUMBERS, places([2, 0], [1, 3], []))
    assert {name: partner for name, (partner, _) in found.items()} == {"a": "b", "b": "a"}


def test_few_rows_and_very_many_columns_have_no_partners(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [strong_correlations(NUMBERS[:rows], places([0], [1])) for rows in (0, 1, 19)] == [{}] * 3
    assert strong_correlations(NUMBERS[:, :0], {}) == {}
    monkeypatch.setattr(feature_importance, "MAX_NUMBERS", 1)
    assert strong_correlations(NUMBERS, places([0], [1])) == {}


def test_the_strongest_partner_of_each_column() -> None:
    found = strong_correlations(NUMBERS, places([0], [1], [2], [3], [4], [5]))
    of = np.corrcoef(NUMBERS[:, :5], rowvar=False)
    assert {name: partner for name, (partner, _) in found.items()} == {"a": "b", "b": "a", "e": "a"}
    assert (found["a"][1], found["b"][1]) == pytest.approx((of[0, 1], of[0, 1]))
    assert found["e"][1] == pytest.approx(of[4, 0])
    assert of[0, 1] < -0.99
