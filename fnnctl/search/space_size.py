"""How many configurations a search can propose, and whether there are any that fulfil its constraints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Final

from fnnctl.config.schema.search import SearchConfig
from fnnctl.errors import ConfigError, Problem
from fnnctl.search.budget import SearchBudget, least
from fnnctl.search.samplers.allowed import MOST_REJECTED
from fnnctl.search.samplers.sequences import pseudo_random
from fnnctl.search.samplers.shuffle import shuffled
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space

FEWEST: Final = 10
"""Of `MOST_REJECTED` random configurations, at least this many must fulfil the constraints."""


def size_for_search(
    space: Space, search: SearchConfig, budget: SearchBudget, first: Sequence[Assignment], *, seed: int
) -> int | None:
    """How many configurations there are to try; None if they are infinitely or uncountably many.

    They are those that the sampler can propose, and the others of `first`.

    Raises `ConfigError` if no configuration fulfils the constraints or hardly any does, or if nothing bounds
    a grid whose allowed combinations are too many to be counted.
    """
    grid = space.grid(search.grid_resolution) if search.method.sampler == "grid" else None
    if grid is None:
        size = space.size
        point = pseudo_random(len(space.dimensions), seed=seed)
        candidates = (space.assignment(point(number)) for number in count())
    else:
        size = grid.size if grid.exact else None
        candidates = (grid.at(number) for number in shuffled(grid.size, seed=seed))
    if space.constraints:
        _refuse_rare(space, search, budget, candidates, size)
    if size is None:
        return None
    known = space.everything() if grid is None else grid
    return size + sum(each not in known for each in first)


def _refuse_rare(
    space: Space,
    search: SearchConfig,
    budget: SearchBudget,
    candidates: Iterable[Assignment],
    size: int | None,
) -> None:
    """Raise `ConfigError` if too few candidates fulfil the constraints, or if a grid cannot be counted."""
    if size == 0:
        raise _wrong("no configuration of the space fulfils it")
    if size is None:
        tried = islice(candidates, MOST_REJECTED)
        found = sum(1 for _ in islice(filter(space.allows, tried), FEWEST))
        if found < FEWEST:
            some = f"only {found} of {MOST_REJECTED:,} random configurations fulfil it"
            some = some if found else f"none of {MOST_REJECTED:,} random configurations fulfils it"
            raise _wrong(f"{some}; narrow the domains in search.space, so that more of them do")
        is_grid = search.method.sampler == "grid"
        if is_grid and search.method.scheduler == "full_budget" and _is_unbounded(budget):
            advice = "set search.trials, or use method: random"
            raise _wrong(f"the grid has too many combinations to count those that fulfil it; {advice}")


def _is_unbounded(budget: SearchBudget) -> bool:
    return least(budget.trials, budget.max_trials) is None


def _wrong(message: str) -> ConfigError:
    return ConfigError(Problem(message, path="search.require"))
