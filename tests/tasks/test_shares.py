from __future__ import annotations

import numpy as np
import pytest

from fnnctl.tasks.shares import MIN_SHARE, PRIOR_ROWS, error_shares, likelihood_shares


def test_few_rows_leave_the_shares_nearly_equal() -> None:
    """Of one row and ten of the prior, at most six eleventh are for the better network."""
    (better, worse) = likelihood_shares(np.log([[1.0], [1e-9]]))
    assert better == pytest.approx(6 / 11)
    assert better + worse == pytest.approx(1)
    (better, _) = error_shares([np.array([3.0]), np.array([1.0])], np.array([3.0]))
    assert better == pytest.approx(6 / 11)


@pytest.mark.parametrize("rows", [100, 10_000])
def test_a_useless_network_keeps_the_least_share(rows: int) -> None:
    truth = np.linspace(-1.0, 1.0, rows)
    logs = np.log(np.stack([np.full(rows, 0.9), np.full(rows, 1e-6)]))
    shares = [likelihood_shares(logs)[1], error_shares([truth, -truth], truth)[1]]
    least = max(MIN_SHARE, PRIOR_ROWS / 2 / (rows + PRIOR_ROWS))
    assert shares == pytest.approx([least, least], rel=0.02)


def test_the_mixture_is_the_most_likely_one() -> None:
    """Beside a search over all shares, with the prior's term PRIOR_ROWS/2·(log w + log(1 − w))."""
    rng = np.random.default_rng(1)
    logs = np.log(rng.beta(2.0, 1.5, (2, 80)))
    grid = np.linspace(0.001, 0.999, 999)
    first, second = np.exp(logs)[:, :, None]
    mixed = np.log(first * grid + second * (1 - grid)).sum(axis=0)
    best = grid[np.argmax(mixed + PRIOR_ROWS / 2 * (np.log(grid) + np.log(1 - grid)))]
    assert likelihood_shares(logs)[0] == pytest.approx(best, abs=0.002)


def test_the_squared_error_is_the_least_one() -> None:
    """Beside a search over all shares; the prior's rows are best predicted by the plain mean."""
    rng = np.random.default_rng(2)
    targets = rng.normal(size=60)
    one, other = targets + rng.normal(size=60), targets + rng.normal(0.2, 0.7, 60)
    grid = np.linspace(0.0, 1.0, 1001)
    errors = np.square(targets - np.outer(grid, one) - np.outer(1 - grid, other)).sum(axis=1)
    prior = PRIOR_ROWS * np.square(one - other).mean() * np.square(grid - 0.5)
    assert error_shares([one, other], targets)[0] == pytest.approx(grid[np.argmin(errors + prior)], abs=0.002)


def test_equal_networks_and_scores_that_overflow_decide_nothing() -> None:
    nan, estimates = np.full(20, np.nan), np.arange(20.0)
    logs = np.log(np.random.default_rng(0).uniform(0.1, 0.9, 50))
    assert likelihood_shares(np.stack([logs] * 3)) == pytest.approx([1 / 3] * 3)
    assert error_shares([estimates, estimates], estimates + 1) == pytest.approx([0.5, 0.5])
    assert error_shares([nan, np.zeros(20)], np.zeros(20)) == [0.5, 0.5]
    assert likelihood_shares(np.stack([nan, np.zeros(20)])) == pytest.approx([0.5, 0.5])
