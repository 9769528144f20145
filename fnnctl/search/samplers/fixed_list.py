"""The sampler that leaves the choice to its caller."""

from __future__ import annotations

from collections.abc import Iterable

from fnnctl.records.trials import Result, Trial
from fnnctl.space.assignments import Assignment


class FixedListSampler:
    """Goes through assignments that someone else has chosen, all of them different."""

    learns = False

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        """They are taken one by one, as they are asked for."""
        self._assignments = iter(assignments)

    def ask(self) -> Assignment | None:
        """See `Sampler`."""
        return next(self._assignments, None)

    def tell(self, trial: Trial, result: Result) -> None:
        """See `Sampler`; nothing is learned."""
