"""Samplers propose the configurations of a search. To add one, add a file here and a line in `SAMPLERS`.

A search imports only the sampler that it uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.auto import chosen_sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.space.space import Space


class MakeSampler(Protocol):
    """Makes a sampler from a search's settings."""

    def __call__(self, space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler: ...


def _grid(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.grid import GridSampler

    return GridSampler(space, resolution=search.grid_resolution, seed=seed, key=key)


def _random(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.random import RandomSampler

    return RandomSampler(space, sequence=search.sequence, seed=seed, key=key)


def _tpe(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.tpe import TpeSampler

    one_budget = search.method.scheduler == "full_budget"
    return TpeSampler(space, seed=seed, key=key, one_budget=one_budget)


def _gp(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.gp.sampler import GpSampler

    return GpSampler(space, seed=seed, key=key)


def _auto(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    return SAMPLERS[chosen_sampler(space, search)](space, search, seed=seed, key=key)


def _evolution(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.evolution import EvolutionSampler

    return EvolutionSampler(space, seed=seed, key=key)


def _controller(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    from fnnctl.search.samplers.controller.sampler import ControllerSampler

    return ControllerSampler(space, seed=seed, batch=search.batch, key=key)


SAMPLERS: Final[Mapping[str, MakeSampler]] = {
    "grid": _grid,
    "random": _random,
    "tpe": _tpe,
    "gp": _gp,
    "auto": _auto,
    "evolution": _evolution,
    "controller": _controller,
}
