"""Random search, with pseudo-random points or a low-discrepancy sequence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Final

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Distinct, Key
from fnnctl.search.samplers.sequences import MAX_REJECTED, SEQUENCES, allowed, shuffled
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from fnnctl.space.space import Space

PATIENCE: Final = 64
"""After this many repetitions in a row, the rest of a small space is listed and shuffled."""
MAX_LISTED: Final = 100_000
"""The largest space that counts as small."""
MAX_REPETITIONS: Final = 10_000
"""After this many repetitions in a row, a larger space counts as exhausted."""
FEW_REJECTED: Final = 1_000
"""After this many points in a row that violate the constraints, the rest of a small space is listed."""


class RandomSampler(Distinct):
    """Proposes the points of a sequence that fulfil the constraints, without repeating a configuration.

    If hardly any points fulfil them, but the space is finite and can be counted, it is listed and shuffled.
    """

    def __init__(
        self, space: Space, *, sequence: str = "pseudo_random", seed: int = 0, key: Key = identity
    ) -> None:
        super().__init__(key)
        self._space, self._seed = space, seed
        point = SEQUENCES[sequence](len(space.dimensions), seed=seed)
        self._is_small = space.size is not None and space.size <= MAX_LISTED
        most = FEW_REJECTED if self._is_small else MAX_REJECTED
        self._candidates = allowed((space.assignment(point(number)) for number in count()), space, most)
        self._rest: Iterator[Assignment] | None = None

    def _next(self) -> Assignment | None:
        """The next new configuration; None if the space is exhausted or nearly so."""
        if self._rest is None:
            patience = PATIENCE if self._is_small else MAX_REPETITIONS
            for repetitions, assignment in enumerate(islice(self._candidates, patience)):
                if self.is_new(assignment):
                    self.saved += repetitions
                    return assignment
            is_rare = bool(self._space.constraints) and self._space.size is not None
            self._rest = self._listed() if self._is_small or is_rare else iter(())
        most = None if self._is_small else MAX_REPETITIONS
        return next(filter(self.is_new, islice(self._rest, most)), None)

    def _listed(self) -> Iterator[Assignment]:
        everything = self._space.everything()
        return map(everything.at, shuffled(everything.size, seed=self._seed))


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler with the search's sequence."""
    return RandomSampler(space, sequence=search.sequence, seed=seed, key=key)
