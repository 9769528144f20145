"""Scores of estimates against scikit-learn, and intervals against worked examples."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from sklearn.metrics import (
    d2_tweedie_score,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_tweedie_deviance,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from fnnctl.arrays import FloatArray
from fnnctl.metrics import regression
from fnnctl.metrics.regression import bootstrap, score
from fnnctl.metrics.rows import RESAMPLES, ErrorRows, Quantiles

NAMES = ("r2", "rmse", "mae", "median_absolute_error")


def rows_of(errors: FloatArray, targets: FloatArray) -> ErrorRows:
    """Rows with these targets and absolute errors."""
    return ErrorRows(targets, targets - errors)


@pytest.mark.parametrize(
    ("rows", "offset", "spread"), [(2, 0, 1), (7, 1e6, 3), (40, -5, 1e-3), (5001, 0, 1e4)]
)
def test_scikit_learn_agrees(rows: int, offset: float, spread: float) -> None:
    rng = np.random.default_rng(rows)
    targets = offset + spread * rng.normal(size=rows)
    estimates = targets + spread * rng.normal(0.3, 0.7, rows)
    found = score(ErrorRows(targets, estimates), loss=0.25)
    expected = {
        "r2": r2_score(targets, estimates),
        "rmse": root_mean_squared_error(targets, estimates),
        "mae": mean_absolute_error(targets, estimates),
        "median_absolute_error": median_absolute_error(targets, estimates),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12)
    assert (found["loss"], found["support"]) == (0.25, rows)


def test_worked_by_hand() -> None:
    found = score(ErrorRows(np.array([1.0, 2.0, 4.0, 5.0]), np.array([2.0, 2.0, 2.0, 5.0])), loss=np.inf)
    expected = {
        "loss": None,
        "r2": 0.5,  # 1 − 5/10
        "rmse": pytest.approx(1.25**0.5, rel=1e-15),
        "mae": 0.75,
        "median_absolute_error": 0.5,
        "support": 4,
    }
    assert not found.keys() - expected.keys(), "work the value of a new metric out by hand, above"
    assert found == expected


def test_equal_targets_have_no_r2_and_no_rows_are_refused() -> None:
    rows = ErrorRows(np.full(3, 2.0), np.array([1.0, 2.0, 3.0]))
    found = score(rows, loss=0.1, rng=np.random.default_rng(0))
    assert found["r2"] is found["r2_ci95"] is None
    assert found["mae_ci95"][0] >= 0
    alone = score(ErrorRows(np.array([2.0]), np.array([1.0])), loss=0.1, rng=np.random.default_rng(0))
    assert [alone[f"{name}_ci95"] for name in NAMES] == [None] * 4
    with pytest.raises(ValueError, match="no rows"):
        score(ErrorRows(np.empty(0), np.empty(0)), loss=0.1)


def test_a_resample_of_equal_targets_has_no_r2() -> None:
    """Each of three rows is drawn three times in one resample of 27; its variance is 0 but for rounding."""
    targets = np.array([0.1, 0.2, 0.3])
    found = score(ErrorRows(targets, targets + 0.1), loss=0.1, rng=np.random.default_rng(0))
    # Two equal targets have the smallest variance: 1 − 3·0.01/(⅔·0.01).
    assert found["r2_ci95"] == pytest.approx([-3.5, -0.125], abs=1e-9)


def test_errors_whose_squares_overflow_are_no_infinity() -> None:
    rows = ErrorRows(np.array([0.0, 1.0]), np.array([1e200, 0.0]))
    found = score(rows, loss=0.1, rng=np.random.default_rng(0))
    assert found["r2"] is found["rmse"] is found["rmse_ci95"] is None
    assert found["mae"] == 5e199


def test_the_interval_of_errors_of_0_and_1_is_that_of_a_share() -> None:
    """The sum of n draws from 0 and 1 is binomial, so its quantiles are known."""
    n, share = 100, 0.3
    errors = np.repeat([1.0, 0.0], [30, 70])
    found = bootstrap(rows_of(errors, np.arange(n) - 49.5), np.random.default_rng(1))
    deviation = (share * (1 - share) / n) ** 0.5
    # Exact quantiles of Binomial(100, 0.3)/100; 2,000 resamples come within a few hundredths.
    assert found["mae"] == pytest.approx([0.21, 0.39], abs=0.011)
    assert found["mae"] == pytest.approx([share - 1.96 * deviation, share + 1.96 * deviation], abs=0.02)


def test_two_rows_have_three_possible_means() -> None:
    """The four resamples of errors 0 and 4 have the means 0, 2, 2, 4, so the ends are single rows."""
    found = bootstrap(rows_of(np.array([0.0, 4.0]), np.array([-1.0, 1.0])), np.random.default_rng(0))
    assert (found["mae"], found["rmse"], found["median_absolute_error"]) == ([0, 4], [0, 4], [0, 4])


@pytest.mark.parametrize("rows", [9, 10])
def test_medians_are_those_of_drawn_resamples(rows: int) -> None:
    """Medians from order statistics of uniforms have the same quantiles as medians of drawn resamples."""
    errors = np.abs(np.random.default_rng(rows).normal(size=rows))
    drawn = np.random.default_rng(2).choice(errors, (20 * RESAMPLES, rows))
    expected = np.quantile(np.median(drawn, axis=1), [0.025, 0.5, 0.975])
    part = ErrorRows(errors, np.zeros(rows))
    medians = np.concatenate([part.resampled_medians(np.random.default_rng(seed)) for seed in range(20)])
    found = np.quantile(medians, [0.025, 0.5, 0.975])
    np.testing.assert_allclose(found, expected, atol=0.04)


def test_a_uniform_number_that_rounds_to_1_draws_the_largest_error() -> None:
    ones = SimpleNamespace(beta=lambda _a, _b, size: np.ones(size))
    part = ErrorRows(np.array([3.0, 1.0, 2.0]), np.zeros(3))
    assert set(part.resampled_medians(cast("np.random.Generator", ones))) == {3.0}


def test_many_rows_are_resampled_in_groups_with_the_same_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    errors, centred = np.abs(rng.normal(size=3000)), rng.normal(size=3000)
    exact = bootstrap(rows_of(errors, centred), np.random.default_rng(1))
    monkeypatch.setattr(regression, "MAX_GROUPS", 300)
    grouped = bootstrap(rows_of(errors, centred), np.random.default_rng(1))
    for name in ("r2", "rmse", "mae"):
        (low, high), (lower, higher) = exact[name] or [], grouped[name] or []
        assert higher - lower == pytest.approx(high - low, rel=0.15)
        assert lower == pytest.approx(low, abs=0.3 * (high - low))


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_deviances_are_scikit_learns(power: float) -> None:
    rng = np.random.default_rng(3)
    targets, estimates = rng.gamma(1.0, 2.0, 50), rng.gamma(5.0, 0.4, 50)
    found = score(ErrorRows(targets, estimates, power), loss=0.1, rng=np.random.default_rng(0))
    assert found["deviance"] == pytest.approx(mean_tweedie_deviance(targets, estimates, power=power))
    assert found["d2"] == pytest.approx(d2_tweedie_score(targets, estimates, power=power))
    for name in ("deviance", "d2"):
        low, high = found[f"{name}_ci95"]
        assert low < found[name] < high


def test_the_mean_of_rows_with_exposures_is_a_rate() -> None:
    """The rates 1 and 4 of the exposures 2 and 1 have the mean rate 2, which expects 4 and 2."""
    targets, estimates, exposures = np.array([2.0, 4.0]), np.array([3.0, 3.0]), np.array([2.0, 1.0])
    found = score(ErrorRows(targets, estimates, 1.0, exposures), loss=0.1)
    of_mean = mean_poisson_deviance(targets, [4.0, 2.0])
    assert found["d2"] == pytest.approx(1 - mean_poisson_deviance(targets, estimates) / of_mean)


def test_without_a_deviance_of_the_mean_there_is_no_d2() -> None:
    for targets in (np.zeros(3), np.full(3, 2.0)):
        assert score(ErrorRows(targets, np.ones(3), 1.0), loss=0.1)["d2"] is None


LEVELS = (0.1, 0.5, 0.9)


def quantile_rows(rows: int) -> ErrorRows:
    rng = np.random.default_rng(rows)
    targets, middle = rng.normal(size=rows), 0.3 * rng.normal(size=rows)
    return ErrorRows(
        targets, middle, quantiles=Quantiles(LEVELS, middle[:, None] + np.array([-1.2, 0.0, 1.4]))
    )


def test_scikit_learn_agrees_on_pinball_losses() -> None:
    rows = quantile_rows(300)
    assert rows.quantiles is not None
    found = score(rows, loss=0.0)
    columns = zip(LEVELS, rows.quantiles.values.T, strict=True)
    expected = [mean_pinball_loss(rows.targets, column, alpha=level) for level, column in columns]
    assert found["pinball"] == pytest.approx(np.mean(expected), rel=1e-12)
    assert [of_level["pinball"] for of_level in found["levels"].values()] == pytest.approx(expected)


def test_levels_worked_by_hand() -> None:
    """Of the targets 1, 2 and 5, two are at or below the quantile 2 of the level 0.8."""
    values = np.array([[0.0, 2.0], [0.0, 2.0], [2.0, 2.0]])
    rows = ErrorRows(np.array([1.0, 2.0, 5.0]), values[:, 0], quantiles=Quantiles((0.25, 0.8), values))
    found = score(rows, loss=0.0)
    assert found["levels"] == {
        "0.25": {"pinball": 0.5, "coverage": 0.0, "coverage_ci95": pytest.approx([0.0, 0.5615], abs=1e-4)},
        "0.8": {
            "pinball": pytest.approx((0.2 + 0.0 + 2.4) / 3),
            "coverage": 2 / 3,
            "coverage_ci95": pytest.approx([0.2077, 0.9385], abs=1e-4),
        },
    }
    assert found["pinball"] == pytest.approx((0.5 + 2.6 / 3) / 2)


def test_the_pinball_loss_of_each_level_has_an_interval() -> None:
    rows = quantile_rows(200)
    found = score(rows, loss=0.0, rng=np.random.default_rng(0))
    for name, entry in found["levels"].items():
        low, high = entry["pinball_ci95"]
        losses = rows.level_losses[:, LEVELS.index(float(name))]
        error = losses.std(ddof=1) / np.sqrt(200)
        assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)
        assert low < entry["pinball"] < high
    one = score(quantile_rows(1), loss=0.0, rng=np.random.default_rng(0))
    assert {entry["pinball_ci95"] for entry in one["levels"].values()} == {None}


def test_parts_with_quantiles_are_joined_in_the_order_of_their_rows() -> None:
    rows, order = quantile_rows(9), np.random.default_rng(0).permutation(9)
    parts = [rows.of_rows(order[:4]), rows.of_rows(order[4:])]
    joined = ErrorRows.joined(parts, np.argsort(order))
    assert joined.level_losses.tolist() == rows.level_losses.tolist()
    assert joined.quantiles is not None
    assert joined.quantiles.levels == LEVELS
