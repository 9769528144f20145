"""Whether a trial should be stopped because of its learning curve.

Curves hold losses: small values are good, whatever the objective's direction. A value that is not finite is
infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.text import counted

CurveRule: TypeAlias = Literal["median", "extrapolate"]

FEWEST_OTHERS: Final = 3
"""How many other trials must have reached an epoch before their median counts."""
FEWEST_POINTS: Final = 4
"""The shortest curve that is extrapolated: its three parameters and the noise follow from the points."""
CHANCE: Final = 0.01
"""A trial is stopped if its chance of beating the best trial is smaller."""
LEAST_NOISE: Final = 1e-4
"""The smallest standard deviation of the noise, relative to the losses: a short flat curve fits exactly."""
POWERS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""The exponents c of a + b·t^(−c) that are tried."""
TIME_SCALES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""The constants τ of a + b·exp(−t/τ) that are tried, as shares of the full budget."""


@dataclass(frozen=True, slots=True)
class Curves:
    """What is known when a trial is judged."""

    epochs: Sequence[int]
    """The epochs after which the trial's loss is known: all, or only some of them."""
    own: Sequence[float]
    """The losses of the trial after these epochs."""
    others: Sequence[float]
    """The mean losses of the other trials that have come so far, up to the same epoch, in rising order."""
    best: float | None
    """The loss of the best trial that has had the full budget; None if there is none yet."""
    full: int
    """The full budget in epochs."""


def median_reason(curves: Curves) -> str | None:
    """Why the trial is stopped by the median rule; None if it is not.

    It is stopped if its best loss so far is larger than the median of the other trials' mean losses up to the
    same epoch (Golovin et al., Google Vizier, KDD 2017, section 3.2.2). Trials that have not come so far do
    not count.
    """
    means, count = curves.others, len(curves.others)
    if count < FEWEST_OTHERS or min(curves.own) <= (means[(count - 1) // 2] + means[count // 2]) / 2:
        return None
    return f"worse than the median of {counted(count, 'other trial')}"


def extrapolation_reason(curves: Curves) -> str | None:
    """Why the trial is stopped by the extrapolation of its curve; None if it is not.

    It is stopped if its chance of beating the best trial at the full budget is below `CHANCE`.
    """
    if curves.best is None or len(curves.own) < FEWEST_POINTS:
        return None
    chance = chance_to_beat(curves.best, curves.own, curves.epochs, full=curves.full)
    if chance >= CHANCE:
        return None
    return f"a chance of {chance:.1%} to beat the best trial"


REASONS: Final[Mapping[CurveRule, Callable[[Curves], str | None]]] = {
    "median": median_reason,
    "extrapolate": extrapolation_reason,
}


def chance_to_beat(best: float, losses: Sequence[float], epochs: Sequence[int], *, full: int) -> float:
    """The probability that the loss after `full` epochs is below `best`, given the losses after some epochs.

    The curve is a + b·t^(−c) or a + b·exp(−t/τ) with b ≥ 0 and Gaussian noise around it. Its first tenth is
    not read, because the first epochs often follow another law. For each c and τ, a and b are those of least
    squares; the prediction is a normal distribution with the variance of linear regression. Curves are
    weighted by their Bayesian information criterion, and the chances averaged. (Domhan et al., IJCAI 2015,
    average over eleven families with Markov chains; two families and a grid take less than a millisecond.)
    """
    y = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(y).all():
        return 0.0
    skipped = min(len(y) // 10, len(y) - FEWEST_POINTS)
    t = np.asarray(epochs[skipped:], dtype=np.float64)
    y = y[skipped:]
    weights, distances = [], []
    for shape in (*(_power(c) for c in POWERS), *(_exponential(share * full) for share in TIME_SCALES)):
        weight, mean, deviation = _prediction(shape(t), y, float(shape(np.array([float(full)]))[0]))
        weights.append(weight)
        distances.append((best - mean) / deviation)
    likely = np.exp(np.array(weights) - max(weights))
    return float(likely @ normal_cdf(np.array(distances)) / likely.sum())


def _prediction(x: FloatArray, y: FloatArray, x_full: float) -> tuple[float, float, float]:
    """For y = a + b·x with b ≥ 0: −BIC/2, and the mean and standard deviation of the value at `x_full`."""
    n, x_mean, y_mean = len(y), float(x.mean()), float(y.mean())
    spread = float(((x - x_mean) ** 2).sum())
    slope = float(((x - x_mean) * (y - y_mean)).sum()) / spread
    leverage = 1 / n + (x_full - x_mean) ** 2 / spread
    parameters = 2
    if slope < 0:
        slope, leverage, parameters = 0.0, 1 / n, 1
    residuals = float(((y - y_mean - slope * (x - x_mean)) ** 2).sum())
    residuals = max(residuals, n * (LEAST_NOISE * max(1.0, abs(y_mean))) ** 2)
    weight = -0.5 * (n * math.log(residuals / n) + parameters * math.log(n))
    deviation = math.sqrt(residuals / (n - parameters) * (1 + leverage))
    return weight, y_mean + slope * (x_full - x_mean), deviation


def _power(c: float) -> Callable[[FloatArray], FloatArray]:
    return lambda t: t**-c


def _exponential(scale: float) -> Callable[[FloatArray], FloatArray]:
    return lambda t: np.exp(-t / scale)
