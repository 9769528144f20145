"""Random search, pseudo-random or with a sequence that leaves smaller gaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.search.samplers.distinct import Distinct, Key
from fnnctl.search.samplers.sequences import SEQUENCES
from fnnctl.search.samplers.shuffle import shuffled
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

PATIENCE: Final = 64
"""After this many repetitions in a row the rest of a small space is listed."""
MOST_LISTED: Final = 100_000
"""The largest space that is listed."""
MOST_REPETITIONS: Final = 10_000
"""After this many repetitions in a row a larger space counts as exhausted."""


class RandomSampler(Distinct):
    """Proposes the points of a sequence, without repeating a configuration."""

    def __init__(
        self, space: Space, *, sequence: str = "pseudo_random", seed: int = 0, key: Key = identity
    ) -> None:
        super().__init__(key)
        self._space = space
        self._seed = seed
        self._point = SEQUENCES[sequence](len(space.dimensions), seed=seed)
        self._drawn = 0
        self._rest: Iterator[Assignment] | None = None

    def ask(self) -> Assignment | None:
        """The next new configuration; None if the space is exhausted, or nearly."""
        if self._rest is None:
            for repetitions in range(self._patience()):
                assignment = self._space.assignment(self._point(self._drawn))
                self._drawn += 1
                if self._is_new(assignment):
                    self.saved += repetitions
                    return assignment
            self._rest = self._what_is_left()
        return next((each for each in self._rest if self._is_new(each)), None)

    def _patience(self) -> int:
        return PATIENCE if self._can_be_listed() else MOST_REPETITIONS

    def _can_be_listed(self) -> bool:
        return self._space.size is not None and self._space.size <= MOST_LISTED

    def _what_is_left(self) -> Iterator[Assignment]:
        if not self._can_be_listed():
            return iter(())
        everything = self._space.everything()
        return (everything.at(index) for index in shuffled(everything.size, seed=self._seed))
