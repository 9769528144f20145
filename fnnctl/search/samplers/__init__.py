"""Samplers propose the configurations of a search.

To add one, write a record in `config.schema.methods` and a module of its name here, which defines
`make_sampler` with the parameters of the one below. A search imports only the sampler that it uses.
"""

from __future__ import annotations

from importlib import import_module

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.space.space import Space


def make_sampler(name: str, space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A new sampler with a record in `SAMPLERS`, from a search's settings."""
    sampler: Sampler = import_module(f"{__name__}.{name}").make_sampler(space, search, seed=seed, key=key)
    return sampler
