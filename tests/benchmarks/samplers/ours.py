"""Searches with fnnctl's samplers, asked and told by hand: neither a journal nor a scheduler takes part."""

from __future__ import annotations

import math

from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers import make_sampler
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from tests.benchmarks.samplers.table import Problem


def build(sampler: str, space: Space, *, trials: int, seed: int, scheduler: str = "full_budget") -> Sampler:
    """A new sampler by name, for a search of so many trials."""
    method = {"scheduler": scheduler, "sampler": sampler}
    search = SearchConfig.model_validate({"trials": trials, "method": method})
    return make_sampler(sampler, space, search, seed=seed, key=identity)


def search(sampler: str, problem: Problem, *, trials: int, batch: int, seed: int) -> list[float]:
    """The losses of the trials in order; `batch` of them are proposed before their losses are told."""
    proposer = build(sampler, problem.space, trials=trials, seed=seed)
    losses: list[float] = []
    while len(losses) < trials:
        proposed = proposer.ask(min(batch, trials - len(losses)), ())
        if not proposed:  # the space is exhausted
            break
        for assignment in proposed:
            losses.append(problem.loss(assignment))
            told = losses[-1] if math.isfinite(losses[-1]) else math.inf
            proposer.tell(Trial(len(losses) - 1, assignment), told, 1)
    return losses
