"""A sampler that proposes given assignments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from fnnctl.records.trials import Trial
from fnnctl.space.assignments import Assignment


class FixedListSampler:
    """Proposes given assignments in order; they must differ."""

    learns = False
    is_waiting = False
    saved = 0

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        """The assignments are read one by one, on demand."""
        self._assignments = iter(assignments)

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """The next assignments."""
        return list(islice(self._assignments, n))

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """See `Sampler`; nothing is learned."""
