"""The choice of a sampler that learns, by the space and the number of trials.

What a Gaussian process needs is here, apart from its sampler, because every search asks and few need the
sampler.
"""

from __future__ import annotations

from typing import Final

from fnnctl.config.schema.methods import AUTO, SamplerName
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers import make_sampler as make_other
from fnnctl.search.samplers.distinct import Key
from fnnctl.space.space import Space

MAX_TRIALS: Final = 250
"""A process knows at most this many trials, because its time grows with their cube."""


def gp_problem(space: Space) -> str | None:
    """Why a Gaussian process cannot model the space, with advice; None if it can."""
    for dimension in space.dimensions:
        if not dimension.ordered:
            return f"gp searches numbers only, and {dimension.name} is a choice; use tpe"
        if dimension.conditions:
            return (
                f"gp searches every dimension in every trial, and {dimension.name} has a condition; use tpe"
            )
    return None


def chosen_sampler(space: Space, search: SearchConfig) -> SamplerName:
    """The sampler of the search's method; if that is `auto`, the one that suits the search.

    A Gaussian process suits few trials in a space of numbers without conditions, if all trials have the same
    budget; as in Optuna's automatic choice.
    """
    if search.method.sampler != AUTO:
        return search.method.sampler
    trials = search.most_trials
    is_small = trials is not None and trials <= MAX_TRIALS
    one_budget = not search.method.scheduling.has_rungs
    return "gp" if is_small and one_budget and gp_problem(space) is None else "tpe"


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """The sampler that suits the space and the plan."""
    return make_other(chosen_sampler(space, search), space, search, seed=seed, key=key)
