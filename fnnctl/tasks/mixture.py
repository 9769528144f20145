"""Several predictions of the same rows, as numbers whose weighted mean gives the loss of their mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self, TypeAlias

import numpy as np

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


class SomeRows(NamedTuple):
    """The predictions of one of several targets."""

    mixture: Mixture
    rows: IntArray
    """(m,) the rows that have the target, of all n."""
    factor: float
    """Of its loss in the sum."""


def joint_mixture(targets: Sequence[SomeRows], rows: int) -> Mixture:
    """The mixture of several targets of n rows: its numbers are those of all targets, its loss their sum."""
    values, truths, parts = [], [], []
    for mixture, present, factor in targets:
        networks, _, *levels = mixture.values.shape
        own_values = np.ones((networks, rows, *(levels or [1])))
        own_values[:, present] = mixture.values.reshape(networks, len(present), *(levels or [1]))
        of_rows = mixture.truths.reshape(len(present), -1)
        own_truths = np.ones((rows, 1 + of_rows.shape[1]))
        own_truths[:, 0] = 0.0  # whether a row has the target
        own_truths[present, 0], own_truths[present, 1:] = 1.0, of_rows
        values.append(own_values)
        truths.append(own_truths)
        parts.append((mixture, factor, bool(levels), own_values.shape[2], own_truths.shape[1]))

    def losses(means: FloatArray, all_truths: FloatArray) -> FloatArray:
        total = np.zeros(means.shape[:-1])
        value, truth = 0, 0
        for mixture, factor, has_levels, width, columns in parts:
            own = means[..., value : value + width]
            has_target, of_rows = all_truths[:, truth], all_truths[:, truth + 1 : truth + columns]
            of_target = of_rows[:, 0] if mixture.truths.ndim == 1 else of_rows
            losses = mixture.row_losses(own if has_levels else own[..., 0], of_target)
            total += factor * has_target * losses
            value, truth = value + width, truth + columns
        return total

    return Mixture(np.concatenate(values, axis=2), np.concatenate(truths, axis=1), losses)
