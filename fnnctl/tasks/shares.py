"""How much each of several networks counts in their mean prediction, fitted to rows they were not trained on.

The search is for the weights of least loss on these rows, and on `PRIOR_ROWS` more on which all networks are
equally good, so that few rows leave the weights nearly equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.rows import Quantiles

PRIOR_ROWS: Final = 10
"""As for the temperature of the calibration."""
ITERATIONS: Final = 200
"""Of EM; on the development tables the weights change by less than 1 % after a quarter of them."""
SECTIONS: Final = 20
"""Of the interval from 0 to 1: what remains is shorter than 0.0001."""
MIN_SHARE: Final = 0.01
"""A network that is of no use at all keeps this, because a model's parts have positive weights."""


def likelihood_shares(log_likelihoods: FloatArray) -> list[float]:
    """The weights with which a mixture is most likely, from the log likelihoods of rows (networks, n).

    The mixture is the mean of probabilities, and EM increases its likelihood in each iteration (Dempster et
    al., 1977). A row of which no network has a finite likelihood is left out.
    """
    logs = log_likelihoods[:, np.isfinite(log_likelihoods.max(axis=0))].astype(np.float64)
    likelihoods = np.exp(logs - logs.max(axis=0))
    networks, rows = likelihoods.shape
    shares = np.full(networks, 1.0 / networks)
    responsibilities, sums = np.empty_like(likelihoods), np.zeros((networks, rows + 1))
    for _ in range(ITERATIONS):
        np.multiply(likelihoods, shares[:, None], out=responsibilities)
        responsibilities /= responsibilities.sum(axis=0)
        # Sums from the first row to the last, whose bits models of all versions have; `sum` adds pairwise.
        np.cumsum(responsibilities, axis=1, out=sums[:, 1:])
        shares = sums[:, -1] + PRIOR_ROWS / networks
        shares /= shares.sum()
    return _positive(shares)


def error_shares(estimates: Sequence[FloatArray], targets: FloatArray) -> list[float]:
    """The weights with which the mean of two estimates (n,) has the least squared error.

    The squared error is that of a line through both estimates, so its least point is found directly.
    """
    first, second = (np.asarray(estimate, np.float64) for estimate in estimates)
    difference, error = first - second, targets - second
    if not difference.size or not np.isfinite(difference).all():
        return [0.5, 0.5]
    prior = PRIOR_ROWS * np.square(difference).mean()
    total = np.square(difference).sum() + prior
    share = 0.5 if total == 0.0 else (difference.dot(error) + 0.5 * prior) / total
    return _positive(np.array([share, 1.0 - share]))


def deviance_shares(
    estimates: Sequence[FloatArray], targets: FloatArray, factors: FloatArray, power: float
) -> list[float]:
    """The weights with which the mean of two estimates (n,) has the least deviance, to second order.

    There the deviance is a squared error divided by the variance, which is the mean of the estimates to a
    power; rows count by their factors, (n,).
    """
    means = np.mean([np.asarray(estimate, np.float64) for estimate in estimates], axis=0)
    scales = np.sqrt(factors * means**-power)
    return error_shares([estimate * scales for estimate in estimates], targets * scales)


def pinball_shares(estimates: Sequence[Quantiles], targets: FloatArray) -> list[float]:
    """The weights with which the mean of two estimates of quantiles (n, levels) has the least pinball loss.

    The loss of a weight is convex, so its least point is found by golden sections. The targets of the rows on
    which both are equally good are in the middle between both.
    """
    levels = estimates[0].levels
    first, second = (estimate.values.astype(np.float64) for estimate in estimates)
    difference = first - second
    if not difference.size or not np.isfinite(difference).all():
        return [0.5, 0.5]
    prior = PRIOR_ROWS * np.abs(difference).mean() / 2.0

    def loss(share: float) -> float:
        mean = Quantiles(levels, second + share * difference)
        return float(mean.pinball(targets).mean(axis=-1).sum() + abs(share - 0.5) * prior)

    low, high, golden = 0.0, 1.0, (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(SECTIONS):
        below, above = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, above) if loss(below) <= loss(above) else (below, high)
    share = (low + high) / 2.0
    return _positive(np.array([share, 1.0 - share]))


def _positive(shares: FloatArray) -> list[float]:
    least = np.clip(shares, MIN_SHARE, 1.0)
    return [float(share) for share in least / least.sum()]
