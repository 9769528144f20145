"""A sampler that proposes given assignments."""

from __future__ import annotations

from collections.abc import Iterable

from fnnctl.records.trials import Result, Trial
from fnnctl.space.assignments import Assignment


class FixedListSampler:
    """Proposes given assignments in order; they must differ."""

    learns = False

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        """The assignments are read one by one, on demand."""
        self._assignments = iter(assignments)

    def ask(self) -> Assignment | None:
        """See `Sampler`."""
        return next(self._assignments, None)

    def tell(self, trial: Trial, result: Result) -> None:
        """See `Sampler`; nothing is learned."""
