"""Paired bootstrap intervals: two contenders on the same problems with the same seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Difference:
    """A mean difference, and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"

    @property
    def verdict(self) -> str:
        """Whether the first contender, whose values should be small, is ahead."""
        return "ahead" if self.high < 0 else "BEHIND" if self.low > 0 else "no difference"


def paired(differences: Mapping[str, Sequence[float]]) -> Difference:
    """The mean over problems of each problem's mean over seeds, with percentile bootstrap over the seeds.

    The problems are these and no sample of others: only their seeds are drawn again.
    """
    rng = np.random.default_rng(0)
    means, drawn = [], []
    for values in differences.values():
        each = np.asarray(values, dtype=float)
        means.append(each.mean())
        drawn.append(each[rng.integers(len(each), size=(RESAMPLES, len(each)))].mean(axis=1))
    low, high = np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    return Difference(float(np.mean(means)), float(low), float(high))
