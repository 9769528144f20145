"""Several predictions of the same rows, as numbers whose weighted mean gives the loss of their mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from fnnctl.arrays import FloatArray, IntArray

RowLosses: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]
"""From mean values, (…, n) or (…, n, levels), and the rows' truths, (n, …), to the rows' losses, (…, n)."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """K predictions of n rows, each row of which is one number, or a quantile per level.

    In a classification the number is the probability of the true class, in a regression the estimate: the
    mean of predictions has the mean of these numbers. So sums alone compare thousands of mixtures.
    """

    values: FloatArray
    """(K, n) or (K, n, levels), float64."""
    truths: FloatArray
    """(n, …) the targets of a regression, of counts and amounts with their factors in the loss; in a
    classification, whose numbers say all, nothing reads them."""
    row_losses: RowLosses

    def losses(self, totals: FloatArray, weight: float) -> FloatArray:
        """The mean losses of mixtures, (…,), from weighted sums of `values`, (…, n) or (…, n, levels)."""
        losses: FloatArray = self.row_losses(totals / weight, self.truths).mean(axis=-1)
        return losses

    def of_rows(self, rows: IntArray) -> Self:
        """The same predictions of some rows, given by their indices."""
        return replace(self, values=self.values[:, rows], truths=self.truths[rows])
