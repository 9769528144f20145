"""Equal configurations are one trial: what samplers without a model have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeAlias

from fnnctl.records.trials import Result, Trial
from fnnctl.space.assignments import Assignment

Key: TypeAlias = Callable[[Assignment], Hashable]
"""What equal configurations have in common, such as `TrialConfigs.key_of`."""


class Distinct:
    """Remembers which configurations there were, and learns nothing from their results."""

    learns = False

    def __init__(self, key: Key) -> None:
        self._key = key
        self._seen: set[Hashable] = set()
        self.saved = 0
        """How many configurations were passed over because they were equal to an earlier one."""

    def tell(self, trial: Trial, result: Result) -> None:
        """A result changes nothing."""

    def _is_new(self, assignment: Assignment) -> bool:
        """Whether there was no equal configuration before; from now on there was."""
        key = self._key(assignment)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
