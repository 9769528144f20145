"""Ends training when the best monitored value is out of reach: `patience: auto`.

A schedule that lowers the learning rate to 0 needs its last epochs: small steps bring gains that large ones
cannot. But the gains are limited, and the less of the rate is left, the smaller they are. So training ends
when even the largest gain would leave the loss above its best value.

The rule only reads the history. So it needs no state, and decides the same after a resume, for any number of
workers, and for all members of an ensemble.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.training.history import LEARNING_RATE, History
from fnnctl.training.members import AUTO, Member

SHARE_OF_EPOCHS: Final = 0.25
"""The share of the planned epochs in which the best value must be out of reach."""
LARGEST_FALL: Final = 0.15
"""How far a loss still falls at most at the full learning rate, as a share of its best value.

With both recipes on every second development table (26 of 51), losses that had been above the best one for a
quarter of the epochs fell by at most 0.148 of the best × the share of the rate that was left. After fewer
than a fifth of the epochs, losses of small regressions fell by half. On the other 25 tables the rule saves
23 % of the epochs and changes no best epoch.
"""


class Reach:
    """The members of a stack whose rule is `patience: auto`."""

    def __init__(self, members: Sequence[Member], *, rising: Container[str]) -> None:
        """For these members; in `rising` columns larger is better, and 1 is best."""
        self._monitors = {
            k: member.stopping.monitor
            for k, member in enumerate(members)
            if member.stopping is not None and member.stopping.patience == AUTO
        }
        self._epochs = [member.horizon or member.epochs for member in members]
        self._rising = rising
        self._no_member = np.zeros(len(members), np.bool_)

    def is_lost(self, history: History) -> BoolArray:
        """Which members cannot reach their best value again, (K,)."""
        if not self._monitors:
            return self._no_member
        lost, rates = self._no_member.copy(), history.column(LEARNING_RATE)
        for k, monitor in self._monitors.items():
            values = history.column(monitor)
            if values is not None:
                losses = 1.0 - values[k] if monitor in self._rising else values[k]
                lost[k] = is_out_of_reach(losses, None if rates is None else rates[k], epochs=self._epochs[k])
        return lost


def is_out_of_reach(losses: FloatArray, rates: FloatArray | None, *, epochs: int) -> bool:
    """Whether the loss stayed so far above its best value that it cannot come back in the `epochs` planned.

    There is one loss, and one learning rate, per trained epoch. Without rates, as with lbfgs, the loss may
    always fall as far as at the full rate. After the last planned epoch there is nothing to save.
    """
    window = math.ceil(SHARE_OF_EPOCHS * epochs)
    if not window < len(losses) < epochs:
        return False
    left = 1.0 if rates is None else rates[-1] / rates.max()
    best, nearest = np.fmin.reduce(losses[:-window]), losses[-window:].min()  # a loss may be missing
    return bool(nearest > best * (1.0 + LARGEST_FALL * left))
