"""All combinations of some values of each dimension."""

from __future__ import annotations

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Distinct, Key
from fnnctl.search.samplers.sequences import allowed, shuffled
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from fnnctl.space.space import Space


class GridSampler(Distinct):
    """Proposes the grid in random order, so that its first points already cover the space.

    Domains without steps get `resolution` values each.
    """

    def __init__(self, space: Space, *, resolution: int = 5, seed: int = 0, key: Key = identity) -> None:
        super().__init__(key)
        grid = space.grid(resolution)
        candidates = map(grid.at, shuffled(grid.size, seed=seed))
        self._candidates = candidates if grid.exact else allowed(candidates, space)

    def _next(self) -> Assignment | None:
        """The next combination that does not repeat a configuration; None after the last."""
        for assignment in self._candidates:
            if self.is_new(assignment):
                return assignment
            self.saved += 1
        return None


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler with the search's resolution of numbers."""
    return GridSampler(space, resolution=search.grid_resolution, seed=seed, key=key)
