"""What a stack asks of its learner: an epoch of steps, whichever way they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fnnctl.arrays import BoolArray
from fnnctl.nn.network import Network
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import Record
from fnnctl.training.state import State


class Learner(Protocol):
    """K networks on their way to better weights."""

    @property
    def evaluated(self) -> Network:
        """The networks that are validated and kept."""

    @property
    def converged(self) -> BoolArray:
        """Which members have nothing left to improve, (K,)."""

    @property
    def state(self) -> State:
        """All that must be kept to go on, but for the networks' own arrays."""

    def run_epoch(
        self, epoch: int, diagnostics: Diagnostics | None, should_stop: Callable[[], bool]
    ) -> Record | None:
        """Take an epoch's steps; None where it was broken off."""

    def observe(self, record: Record) -> None:
        """Look at an epoch's whole record."""
