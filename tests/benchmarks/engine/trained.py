"""What a training tells: how long its steps took, and that it has learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from fnnctl.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Trained:
    """Networks after their last epoch."""

    seconds: float
    """For the steps alone: not for first weights, workspaces or compiling."""
    losses: FloatArray
    """The mean training loss of each epoch and network, (epochs, K)."""


Trainer: TypeAlias = Callable[[], Trained]
"""Trains from the first weights, every time anew."""


def seconds_of(train: Trainer) -> Callable[[], float]:
    """The trainer as a contender."""
    return lambda: train().seconds
