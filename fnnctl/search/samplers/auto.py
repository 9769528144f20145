"""The choice of a sampler that learns, by the space and the number of trials."""

from __future__ import annotations

from fnnctl.config.schema.search import AUTO, SamplerName, SearchConfig
from fnnctl.search.samplers.gp.suitability import MOST_TRIALS, gp_problem
from fnnctl.space.space import Space


def chosen_sampler(space: Space, search: SearchConfig) -> SamplerName:
    """The sampler of the search's method; if that is `auto`, the one that suits the search.

    A Gaussian process suits few trials in a space of numbers without conditions, if all trials have the same
    budget; as in Optuna's automatic choice.
    """
    if search.method.sampler != AUTO:
        return search.method.sampler
    trials = search.most_trials
    is_small = trials is not None and trials <= MOST_TRIALS
    one_budget = search.method.scheduler == "full_budget"
    return "gp" if is_small and one_budget and gp_problem(space) is None else "tpe"
