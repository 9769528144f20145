"""Sums over rows of the ranks of ordered classes, and the kappa that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

ROUNDING = 1e-12
"""A difference below this share of the sums that it is computed from is only a rounding error."""


@dataclass(frozen=True, slots=True)
class RankSums:
    """Sums over rows, (…), of products of the ranks y of labels and ŷ of predictions."""

    sums: FloatArray
    """(…, 6) those of 1, y, ŷ, y², ŷ² and (y − ŷ)², which are the columns of `rank_products`."""

    def kappa(self) -> FloatArray:
        """The quadratically weighted kappa, (…); NaN if all labels and predictions are of one class.

        It is 1 − Σ(y − ŷ)² / E, where E = Σy² + Σŷ² − 2ΣyΣŷ/n is the sum that independent labels and
        predictions would have (Cohen, Psychological Bulletin 70, 1968).
        """
        by_chance = self._errors_by_chance()
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(by_chance > 0, 1.0 - self.sums[..., 5] / by_chance, np.nan)

    def kappa_slopes(self) -> FloatArray:
        """The derivatives of `kappa` by the sums, (…, 6)."""
        n, y, predicted, _, _, errors = np.moveaxis(self.sums, -1, 0)
        by_chance, one = self._errors_by_chance(), np.ones(n.shape)
        of_chance = [2 * y * predicted / n**2, -2 * predicted / n, -2 * y / n, one, one]
        slopes = [errors / by_chance**2 * slope for slope in of_chance]
        return np.stack([*slopes, -1.0 / by_chance], axis=-1)

    def _errors_by_chance(self) -> FloatArray:
        """E of `kappa`, (…); 0 for rounding."""
        n, y, predicted, squares, predicted_squares, _ = np.moveaxis(self.sums, -1, 0)
        total = squares + predicted_squares
        by_chance = total - 2.0 * y * predicted / n
        return np.where(by_chance > ROUNDING * total, by_chance, 0.0)


def rank_products(labels: IntArray, predictions: IntArray) -> FloatArray:
    """What is summed of each row, (n, 6), from labels and predictions (n,): see `RankSums`."""
    y, predicted = labels.astype(np.float64), predictions.astype(np.float64)
    columns = [np.ones(y.shape), y, predicted, y**2, predicted**2, (y - predicted) ** 2]
    return np.stack(columns, axis=-1)
