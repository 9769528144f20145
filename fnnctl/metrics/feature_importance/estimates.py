"""How much worse a metric gets when a column's values are permuted among the rows, with a 95 % interval.

The importance is the mean over the permutations, as in Breiman (Machine Learning 45, 2001) and scikit-learn.
The interval is for the importance of the column to this network among all rows like these, so it covers both
the choice of the permutations and the finite number of rows. The mean loss under permutation is an incomplete
U-statistic of order two (Fisher, Rudin & Dominici, JMLR 20(177), 2019): its terms pair a row that receives a
value with the row that gives it. So a row's influence on it is the mean change of its own loss with the
values of others, plus the mean change of the losses of the rows that got its value (Hoeffding, Annals of
Mathematical Statistics 19, 1948). A change is relative to the loss without permutation: the losses are
paired. The variance of the importance is that of the influences, divided by the number of rows; a metric that
is not a mean is linearized (the delta method). With R permutations the influences vary by about 1/R more than
with all of them, so the interval is slightly too wide. It is Student's, with one degree of freedom less than
there are rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.paired import MANY
from fnnctl.metrics.resampling import student_quantile
from fnnctl.metrics.statistics import Z_95

FORMS: Final[dict[str, Literal["mean", "explained", "root"]]] = {
    "log_loss": "mean",
    "accuracy": "mean",
    "r2": "explained",
    "rmse": "root",
}
"""How a metric follows from the rows' losses m: it is m or 1 − m on average, 1 − mean(m) / the variance of
the target, or the root of the mean."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much worse a metric gets: a loss rises, any other metric falls by `mean`."""

    mean: float
    """Over the permutations."""
    std: float
    """Of the permutations, divided by their number as in scikit-learn."""
    ci95: list[float] | None
    """None for fewer than two rows."""

    @property
    def is_positive(self) -> bool:
        """Whether it can be told from zero: the interval is above it."""
        return self.ci95 is not None and self.ci95[0] > 0.0


def estimate(
    metric: str, losses: FloatArray, permuted: FloatArray, donors: IntArray, targets: FloatArray
) -> Estimate | None:
    """The importance of a column for a metric of `FORMS`; None if the metric does not exist.

    Args:
        metric: Its name in metrics.json.
        losses: (n,) the loss of each row.
        permuted: (R, n) the loss of each row with the column's value of another row.
        donors: (R, n) the number of that row; each line is a permutation.
        targets: (n,) for R² only: their variance.
    """
    with np.errstate(all="ignore"):  # a metric may not exist
        influence, rises = _linearized(metric, losses, permuted - losses, donors, targets)
    if not np.isfinite(rises).all():
        return None
    mean, interval, rows = float(rises.mean()), None, len(losses)
    error = float(np.std(influence, ddof=1)) / math.sqrt(rows) if rows > 1 else math.nan
    if math.isfinite(error):
        half_width = _quantile(rows - 1) * error
        interval = [mean - half_width, mean + half_width]
    return Estimate(mean, float(rises.std()), interval)


def _linearized(
    metric: str, losses: FloatArray, changes: FloatArray, donors: IntArray, targets: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Each row's influence on the importance, up to a constant, (n,), and each permutation's value, (R,).

    `changes` (R, n) are the permuted rows' losses less their own.
    """
    form, before, changed = FORMS[metric], losses.mean(), changes.mean(axis=1)
    of_rows = changes.mean(axis=0) + _given(changes, donors)
    if form == "mean":
        return of_rows, changed
    if form == "explained":
        squares = np.square(targets - targets.mean())
        variance = squares.mean()
        rises = changed / variance
        return (of_rows - rises.mean() * squares) / variance, rises
    # The square root's slope: a mean loss of 0 is the least possible, so no row has an influence.
    slopes = [0.5 / math.sqrt(mean) if mean > 0 else 0.0 for mean in (before + changed.mean(), before)]
    influence = slopes[0] * (losses + of_rows) - slopes[1] * losses
    return influence, np.sqrt(before + changed) - np.sqrt(before)


def _given(changes: FloatArray, donors: IntArray) -> FloatArray:
    """(n,) the mean change of the rows that got a row's value."""
    total = np.zeros(changes.shape[1])
    for of_rows, of_donors in zip(changes, donors, strict=True):
        total[of_donors] += of_rows
    return total / len(changes)


@lru_cache
def _quantile(freedom: int) -> float:
    return Z_95 if freedom > MANY else student_quantile(0.975, freedom)
