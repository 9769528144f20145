"""Random search, with pseudo-random points or a low-discrepancy sequence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Final

from fnnctl.search.samplers.distinct import Distinct, Key
from fnnctl.search.samplers.sequences import SEQUENCES
from fnnctl.search.samplers.shuffle import shuffled
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

PATIENCE: Final = 64
"""After this many repetitions in a row, the rest of a small space is listed and shuffled."""
MOST_LISTED: Final = 100_000
"""The largest space that counts as small."""
MOST_REPETITIONS: Final = 10_000
"""After this many repetitions in a row, a larger space counts as exhausted."""


class RandomSampler(Distinct):
    """Proposes the points of a sequence, without repeating a configuration."""

    def __init__(
        self, space: Space, *, sequence: str = "pseudo_random", seed: int = 0, key: Key = identity
    ) -> None:
        super().__init__(key)
        self._space, self._seed = space, seed
        point = SEQUENCES[sequence](len(space.dimensions), seed=seed)
        self._candidates = (space.assignment(point(number)) for number in count())
        self._is_small = space.size is not None and space.size <= MOST_LISTED
        self._rest: Iterator[Assignment] | None = None

    def _next(self) -> Assignment | None:
        """The next new configuration; None if the space is exhausted or nearly so."""
        if self._rest is None:
            patience = PATIENCE if self._is_small else MOST_REPETITIONS
            for repetitions, assignment in enumerate(islice(self._candidates, patience)):
                if self._is_new(assignment):
                    self.saved += repetitions
                    return assignment
            self._rest = self._listed() if self._is_small else iter(())
        return next(filter(self._is_new, self._rest), None)

    def _listed(self) -> Iterator[Assignment]:
        everything = self._space.everything()
        return map(everything.at, shuffled(everything.size, seed=self._seed))
