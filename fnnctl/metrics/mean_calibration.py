"""Whether the means of counts and amounts are right: observed beside predicted ones, by tenths of the latter.

How far chance may move an observed mean follows from the rows, because counts vary more than Poisson's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.paired import MANY
from fnnctl.metrics.ranking import Z_95
from fnnctl.metrics.resampling import student_quantile, student_within

TENTHS: Final = 10
LEAST_ROWS: Final = 10
"""Of a tenth; fewer rows are divided into fewer parts."""


@dataclass(frozen=True, slots=True)
class MeanTenth:
    """The rows whose predicted rate is in one tenth of all."""

    rows: int
    low: float
    """The smallest predicted rate."""
    high: float
    """The largest one."""
    predicted: float
    """The predicted total divided by the exposures."""
    observed: float
    """The observed total divided by the exposures."""
    interval: tuple[float, float]
    """The 95 % interval of the observed one."""


def mean_tenths(targets: FloatArray, estimates: FloatArray, rates: FloatArray) -> list[MeanTenth]:
    """Observed and predicted means of n ≥ 1 rows, (n,) each, in parts of about equally many rows.

    Rows are divided in the order of their predicted `rates`; without exposures these are the estimates.
    """
    order = np.argsort(rates, kind="stable")
    parts = np.array_split(order, max(1, min(TENTHS, len(order) // LEAST_ROWS)))
    return [_tenth(targets[rows], estimates[rows], rates[rows]) for rows in parts]


def _tenth(targets: FloatArray, estimates: FloatArray, rates: FloatArray) -> MeanTenth:
    exposure = float((estimates / rates).sum())
    observed, predicted = float(targets.sum()) / exposure, float(estimates.sum()) / exposure
    reach = math.inf
    if len(targets) > 1:
        reach = _quantile(len(targets)) * total_error(targets, estimates) / exposure
    return MeanTenth(
        len(targets),
        float(rates.min()),
        float(rates.max()),
        predicted,
        observed,
        (max(0.0, observed - reach), observed + reach),
    )


def total_error(targets: FloatArray, estimates: FloatArray) -> float:
    """The standard error of the total of n ≥ 2 differences, (n,), from their spread over the rows."""
    return float(np.std(targets - estimates, ddof=1)) * math.sqrt(len(targets))


def total_p(targets: FloatArray, estimates: FloatArray) -> float:
    """The two-sided p of Student's test that the totals of n rows, (n,) each, differ by chance alone."""
    rows, difference = len(targets), float((targets - estimates).sum())
    error = total_error(targets, estimates) if rows > 1 else 0.0
    if not math.isfinite(error) or error == 0.0:
        return 1.0
    t = abs(difference) / error
    return math.erfc(t / math.sqrt(2.0)) if rows > MANY else max(0.0, 1.0 - student_within(t, rows - 1))


def _quantile(rows: int) -> float:
    return Z_95 if rows > MANY else student_quantile(0.975, rows - 1)
