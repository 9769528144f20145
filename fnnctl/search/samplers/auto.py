"""The choice of a sampler that learns, by the space and the number of trials."""

from __future__ import annotations

from fnnctl.config.schema.search import AUTO, SamplerName, SearchConfig
from fnnctl.space.space import Space


def chosen_sampler(space: Space, search: SearchConfig) -> SamplerName:
    """The sampler of the search's method; if that is `auto`, the one that suits the search."""
    return "tpe" if search.method.sampler == AUTO else search.method.sampler
