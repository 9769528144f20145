"""Paired comparisons over tables: the mean difference with its 95 % interval, and the tables won and lost."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from fnnctl.metrics.resampling import student_quantile

EQUAL = 1e-9
"""Smaller differences are equal scores."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two contenders' scores on the same tables: first minus second."""

    mean: float
    half_width: float
    """Half of the t-interval for the mean over tables such as these; NaN with a single table."""
    larger: int
    """The number of tables with a positive difference."""
    smaller: int
    lowest: tuple[str, float]
    """The table with the smallest difference."""

    def text(self, digits: int, factor: float = 1.0) -> str:
        """The mean and the interval, multiplied by `factor`."""
        if math.isnan(self.half_width):
            return f"{self.mean * factor:+.{digits}f}"
        ends = (self.mean - self.half_width, self.mean + self.half_width)
        low, high = (f"{end * factor:+.{digits}f}" for end in ends)
        return f"{self.mean * factor:+.{digits}f} [{low}, {high}]"


def compare(first: Mapping[str, float], second: Mapping[str, float]) -> Comparison | None:
    """Compare the scores of two contenders, by table; None if they have no table in common."""
    differences = {table: first[table] - second[table] for table in first if table in second}
    if not differences:
        return None
    values, half_width = list(differences.values()), math.nan
    if len(values) > 1:
        error = statistics.stdev(values) / math.sqrt(len(values))
        half_width = student_quantile(0.975, len(values) - 1) * error
    lowest = min(differences, key=differences.__getitem__)
    return Comparison(
        statistics.fmean(values),
        half_width,
        sum(value > EQUAL for value in values),
        sum(value < -EQUAL for value in values),
        (lowest, differences[lowest]),
    )


def mean_ratio(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """The geometric mean over the tables of first / second; NaN if there is none."""
    logs = [math.log(first[table] / second[table]) for table in first if table in second]
    return math.exp(statistics.fmean(logs)) if logs else math.nan
