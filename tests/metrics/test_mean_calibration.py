"""Observed beside predicted means, and the total, whose uncertainty is that of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t, ttest_rel

from fnnctl.metrics.mean_calibration import mean_tenths, total_p
from fnnctl.metrics.paired import MANY


def test_rows_are_divided_by_their_rate_and_counted_by_their_exposure() -> None:
    rates = np.repeat([2.0, 1.0], 10)
    exposures = np.tile([1.0, 3.0], 10)
    targets = np.arange(20.0)
    low, high = mean_tenths(targets, rates * exposures, rates)
    assert (low.rows, low.low, low.high) == (10, 1.0, 1.0)
    assert (low.predicted, high.predicted) == (1.0, 2.0)
    assert low.observed == pytest.approx(targets[10:].sum() / 20)
    assert high.observed == pytest.approx(targets[:10].sum() / 20)
    differences = targets[:10] - (rates * exposures)[:10]
    half = t.ppf(0.975, 9) * differences.std(ddof=1) * np.sqrt(10) / 20
    assert high.interval == pytest.approx((high.observed - half, high.observed + half))


def test_few_rows_are_one_part() -> None:
    (part,) = mean_tenths(np.ones(1), np.full(1, 2.0), np.full(1, 2.0))
    assert (part.observed, part.predicted, part.interval) == (1.0, 2.0, (0.0, np.inf))
    assert total_p(np.ones(1), np.full(1, 2.0)) == 1.0


@pytest.mark.parametrize(("rows", "high"), [(30, 4.0), (MANY + 1, 3.1)])
def test_the_p_of_the_total_is_that_of_a_paired_t_test(rows: int, high: float) -> None:
    rng = np.random.default_rng(0)
    targets, estimates = rng.poisson(2.0, rows).astype(float), rng.uniform(1, high, rows)
    expected = ttest_rel(targets, estimates).pvalue
    assert total_p(targets, estimates) == pytest.approx(expected, rel=1e-6 if rows <= MANY else 0.05)
    assert total_p(targets, targets) == 1.0


def test_overdispersed_counts_do_not_warn_more_often() -> None:
    rng = np.random.default_rng(1)
    below = [
        total_p(rng.negative_binomial(0.3, 0.3 / 5.3, 400).astype(float), np.full(400, 5.0)) < 0.05
        for _ in range(300)
    ]
    assert 0.02 < np.mean(below) < 0.09
