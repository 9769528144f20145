"""Losses per example, stored for a few steps and then summed, because summing in every step is slower."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray

STEPS = 8
"""The number of stored steps. It affects the last bits of all results, so it is the same for all stacks."""


class LossTotals:
    """The losses and the training metric of K members' batches of one size, summed over steps."""

    def __init__(self, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self._found = np.empty((2, members, STEPS, batch), dtype)
        self._steps = [(self._found[0, :, step], self._found[1, :, step]) for step in range(STEPS)]
        self._used = 0
        self._sums = np.zeros((2, members))

    def next_step(self) -> tuple[FloatArray, FloatArray]:
        """The arrays for the next step's losses and training metric per example, (K, batch) each."""
        if self._used == STEPS:
            self._add_up()
        found = self._steps[self._used]
        self._used += 1
        return found

    def totals(self) -> FloatArray:
        """The sums since the last call, of the losses and of the training metric: (2, K)."""
        self._add_up()
        totals, self._sums = self._sums, np.zeros_like(self._sums)
        return totals

    def _add_up(self) -> None:
        """Sum each member's row separately in float64, so that it has the same bits in any stack."""
        if self._used:
            found = self._found[:, :, : self._used].astype(np.float64)
            self._sums += np.add.reduce(found.reshape(*self._sums.shape, -1), axis=2)
            self._used = 0
