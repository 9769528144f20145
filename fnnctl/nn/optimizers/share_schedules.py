"""Schedules of regularization: the share of a dropout rate or a weight decay that a step has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fnnctl.arrays import FloatArray


def flat_cos(epoch: int, steps: int, horizon: FloatArray) -> FloatArray:
    """1 in the first half of all steps, then half a cosine wave down to 0: the shares of an epoch's steps.

    After a share t of all steps the result, (steps, K) in float64, is 1 if t < ½, else ½(1 + cos π(2t − 1)).
    The horizon is in epochs, (K,).
    """
    first = (epoch - 1) * steps
    done = np.arange(first, first + steps, dtype=np.float64)[:, None]
    t = np.clip(done / (horizon * steps), 0.5, 1.0)
    return np.asarray(0.5 * (1.0 + np.cos(np.pi * (2.0 * t - 1.0))))


SHARE_SCHEDULES: dict[str, Callable[[int, int, FloatArray], FloatArray]] = {"flat_cos": flat_cos}
"""Those that change something; `constant` needs no shares."""
