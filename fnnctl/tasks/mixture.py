"""Several predictions of the same rows, as numbers whose weighted mean gives the loss of their mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from fnnctl.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Mixture:
    """K predictions of n rows, each row of which is one number.

    In a classification that is the probability of the true class, in a regression the error of the estimate:
    the mean of predictions has the mean of these numbers. So sums alone compare thousands of mixtures.
    """

    values: FloatArray
    """(K, n), float64."""
    row_losses: Callable[[FloatArray], FloatArray]
    """From such numbers, of any shape, to the losses of the rows."""

    def losses(self, totals: FloatArray, weight: float) -> FloatArray:
        """The mean losses of mixtures, (…,), from weighted sums of `values`, (…, n), and their weight."""
        losses: FloatArray = self.row_losses(totals / weight).mean(axis=-1)
        return losses

    def of_rows(self, rows: IntArray) -> Self:
        """The same predictions of some rows, given by their indices or by a mask."""
        return replace(self, values=self.values[:, rows])
