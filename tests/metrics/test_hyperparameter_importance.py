from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from fnnctl.arrays import FloatArray
from fnnctl.metrics.hyperparameter_importance import (
    CELLS,
    MIN_DEVIATION,
    MIN_TRIALS,
    HyperparameterImportance,
    Scale,
    SettingValues,
    _bandwidth,
    _best,
    _density,
    hyperparameter_importances,
)

Given: TypeAlias = tuple[FloatArray, Scale]


def found(losses: FloatArray, *columns: Given) -> list[HyperparameterImportance]:
    every = [
        each
        for each in hyperparameter_importances([SettingValues(*column) for column in columns], losses)
        if each
    ]
    assert len(every) == len(columns)
    return every


def test_by_hand() -> None:
    """The best 5 of 20 trials, all with the first of two choices, beside 4 of them with another setting's.

    All trials: (10, 10) gives the densities (½, ½). The best with (5, 0): kernels 1 + 1/6 and 1/6, divided by
    8/6, give 4.375 and 0.625; with the prior ½ each, 4.875/6 and 1.125/6, so Σ p_R (p_T/p_R − 1)² = 0.625².
    With (4, 1): (4 + 5/6)·6/8 = 3.625, so 4.125/6 = 0.6875 and 0.375².
    """
    five, four = np.repeat([0.0, 1.0], 10), np.repeat([0.0, 1.0], 10)
    four[[4, 19]] = four[[19, 4]]
    first, second = found(np.arange(20.0), (five, "choice"), (four, "choice"))
    assert_allclose(first.share, 0.625**2 / (0.625**2 + 0.375**2))
    assert_allclose(second.share, 0.375**2 / (0.625**2 + 0.375**2))
    assert first.trials == second.trials == 20


def test_a_conditional_setting_by_hand() -> None:
    """20 of 40 trials have it, and 4 of the best 5: its importance has the factor (4/5)²/(1/2).

    The unconditional one has (10, 30) in all and (5, 0) in the best; the conditional one (10, 10) and (4, 0).
    """
    branch = np.where(np.arange(40) % 2 == 0, np.repeat([0.0, 1.0], 20), np.nan)
    branch[[3, 6]] = branch[[6, 3]]  # of trials 0 to 4, all but trial 1 have it
    whole = np.where(np.arange(40) < 10, 0.0, 1.0)

    def density(counts: FloatArray) -> FloatArray:
        total = counts.sum()
        kernels = (counts + total / (total + 1)) / (1 + len(counts) / (total + 1))
        return np.asarray((kernels + 1 / len(counts)) / (total + 1))

    def divergence(of_best: FloatArray, of_all: FloatArray) -> float:
        p, q = density(of_best), density(of_all)
        return float((q * (p / q - 1) ** 2).sum())

    one = divergence(np.array([5.0, 0]), np.array([10.0, 30]))
    best = np.flatnonzero(np.isfinite(branch[:5])).size
    assert best == 4
    other = divergence(np.array([4.0, 0]), np.array([10.0, 10])) * (best / 5) ** 2 / 0.5
    first, second = found(np.arange(40.0), (whole, "choice"), (branch, "choice"))
    assert_allclose((first.share, second.share), np.array([one, other]) / (one + other))
    assert second.trials == 20


def test_a_branch_that_is_never_the_best_explains_nothing() -> None:
    values = np.where(np.arange(60) < 30, np.nan, np.arange(60) % 2)
    other = np.repeat([0.0, 1.0], 30)
    branch, whole = found(np.arange(60.0), (values, "choice"), (other, "choice"))
    assert branch.share == 0.0
    assert whole.share == 1.0


@pytest.mark.parametrize(("in_best", "explains"), [(1, False), (2, True)])
def test_a_branch_with_one_of_the_best_says_nothing(in_best: int, explains: bool) -> None:
    """Of 60 trials the best 6 count."""
    number = np.arange(60)
    branch = np.where((number < in_best) | (number >= 30), np.where(number < 40, 0.0, 1.0), np.nan)
    other = (number >= 25).astype(float)
    of_branch, _ = found(np.arange(60.0), (branch, "choice"), (other, "choice"))
    assert (of_branch.share > 0.0) == explains


def test_chance_alone_can_explain_no_more_than_everything() -> None:
    """The best six are evenly spread; a setting has the whole importance if there is no other."""
    number = np.arange(60.0)
    (only,) = found(number, (11 * number % 60, "linear"))
    assert (only.share, only.chance) == (1.0, 1.0)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, CELLS), st.integers(1, 60))
def test_the_density_of_numbers_is_a_mixture_of_truncated_normals(seed: int, cells: int, trials: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.integers(0, cells, trials)
    counts = np.bincount(places, minlength=cells).astype(float)
    edges = np.arange(cells + 1) - 0.5

    def mass(centre: float, deviation: float) -> FloatArray:
        ends = (edges[[0, -1]] - centre) / deviation
        return np.diff(stats.truncnorm.cdf((edges - centre) / deviation, *ends))

    kernels = [mass(place, _bandwidth(counts)) for place in places]
    expected = np.mean([*kernels, mass((cells - 1) / 2, cells)], axis=0)
    assert_allclose(_density(counts, ordered=True), expected, rtol=1e-9, atol=1e-15)


def test_the_bandwidth_is_scotts() -> None:
    """100 trials on cells 0 to 99, one each: the quartiles are at 24 and 74, the deviation is 29.01."""
    counts = np.ones(100)
    assert_allclose(_bandwidth(counts), 1.059 * min(50 / 1.34, 29.011491975882016) * 100**-0.2)
    assert _bandwidth(np.array([0.0, 7.0, 0.0])) == MIN_DEVIATION


def test_trials_that_tie_for_the_last_places_share_them() -> None:
    losses = np.array([0.0, 1.0, 1.0, *np.full(4, 2.0), *np.full(13, 3.0)])
    best = _best(losses)
    assert best is not None
    assert_allclose(best, [1, 1, 1, *np.full(4, 0.5), *np.zeros(13)])
    tenth = _best(np.arange(101.0))
    assert tenth is not None
    assert_allclose(tenth, np.arange(101) < 11)


def test_settings_that_matter_differ_from_those_that_do_not() -> None:
    """A learning rate with its optimum in the middle of the range, and a setting without effect."""
    rng = np.random.default_rng(1)
    rate, other = 10 ** rng.uniform(-4, 0, 60), rng.random(60)
    losses = (np.log10(rate) + 2) ** 2 + 0.1 * rng.random(60)
    matters, does_not = found(losses, (rate, "log"), (other, "linear"))
    assert matters.share > 0.5
    assert matters.share > matters.chance
    assert does_not.share <= does_not.chance


def test_settings_that_do_nothing_stay_below_chance() -> None:
    """95 % of them; three standard errors of 120 draws are 6 %."""
    rng = np.random.default_rng(2)
    above = []
    for _ in range(30):
        columns: list[Given] = [
            (rng.random(60), "linear"),
            (rng.integers(0, 4, 60) * 1.0, "choice"),
            (np.where(rng.random(60) < 0.7, rng.random(60), np.nan), "linear"),
            (rng.integers(1, 9, 60) * 1.0, "linear"),
        ]
        every = hyperparameter_importances(
            [SettingValues(values, scale) for values, scale in columns], rng.random(60)
        )
        above += [each.share > each.chance for each in every if each]
    assert len(above) == 120
    assert 0 < np.mean(above) < 0.11


def test_shares_add_up_and_do_not_depend_on_the_order_of_settings() -> None:
    rng = np.random.default_rng(3)
    columns: list[Given] = [
        (rng.random(80), "linear"),
        (rng.integers(0, 3, 80) * 1.0, "choice"),
        (rng.random(80), "log"),
    ]
    losses = columns[0][0] + columns[1][0]
    every = found(losses, *columns)
    assert_allclose(sum(each.share for each in every), 1.0)
    assert found(losses, *reversed(columns)) == every[::-1]


def test_only_the_order_of_losses_and_places_on_the_scale_count() -> None:
    values, other, losses = np.random.default_rng(5).random((3, 60))
    plain = found(losses, (values, "linear"), (other, "linear"))
    assert found(np.exp(9 * losses), (values, "linear"), (other, "linear")) == plain
    worst = np.where(losses > np.median(losses), np.inf, losses)
    assert found(worst, (values, "linear"), (other, "linear")) == plain
    stretched = found(losses, (1000 * values - 7, "linear"), (10**other, "log"))
    assert_allclose([each.share for each in plain], [each.share for each in stretched])


@pytest.mark.parametrize(
    ("values", "losses", "scale"),
    [
        (np.arange(MIN_TRIALS - 1.0), np.arange(MIN_TRIALS - 1.0), "linear"),
        (np.empty(0), np.empty(0), "linear"),
        (np.zeros(50), np.arange(50.0), "linear"),
        (np.zeros(50), np.arange(50.0), "choice"),
        (np.arange(50.0), np.full(50, np.inf), "linear"),
        (np.arange(50.0), np.zeros(50), "linear"),
        (np.full(50, np.nan), np.arange(50.0), "linear"),
        (np.array([1.0, 2.0] * 9 + [np.nan] * 20), np.arange(38.0), "choice"),
    ],
)
def test_no_importance_from_too_little(values: FloatArray, losses: FloatArray, scale: Scale) -> None:
    assert hyperparameter_importances([SettingValues(values, scale)], losses) == [None]
