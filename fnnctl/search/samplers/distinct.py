"""The base class of samplers that do not learn; it skips configurations equal to earlier ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from fnnctl.records.trials import Trial
from fnnctl.space.assignments import Assignment

Key: TypeAlias = Callable[[Assignment], Hashable]
"""Gives equal configurations the same key, as `TrialConfigs.key_of` does."""


class Distinct(ABC):
    """Remembers the configurations that it has proposed, and ignores their results."""

    learns = False
    is_waiting = False

    def __init__(self, key: Key) -> None:
        self._key = key
        self._seen: set[Hashable] = set()
        self.saved = 0
        """How many configurations were skipped because they equal an earlier one: see `Sampler`."""

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """The next new configurations."""
        proposals: list[Assignment] = []
        while len(proposals) < n and (assignment := self._next()) is not None:
            proposals.append(assignment)
        return proposals

    def tell(self, trial: Trial, loss: float, budget: int) -> None:  # noqa: B027  # nothing is learned
        """Learn nothing."""

    @abstractmethod
    def _next(self) -> Assignment | None:
        """The next new configuration; None if the space is exhausted."""

    def is_new(self, assignment: Assignment) -> bool:
        """Whether no equal configuration came before; remembers this one."""
        key = self._key(assignment)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
