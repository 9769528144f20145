"""Optuna's samplers in fnnctl's spaces."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from fnnctl.space.dimensions import Dimension
from fnnctl.space.space import Space
from tests.benchmarks.samplers.peer import Proposal, plain_range


class OptunaPeer:
    """A study with one of Optuna's samplers, by the name of its class."""

    def __init__(self, space: Space, kind: str, options: Mapping[str, Any], *, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(logging.ERROR)
        self._space = space
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of options that count as experimental
            self._study = optuna.create_study(sampler=getattr(optuna.samplers, kind)(seed=seed, **options))

    def ask(self, n: int) -> list[Proposal]:
        """See `Peer`."""
        trials = [self._study.ask() for _ in range(n)]
        return [Proposal(trial, suggested(self._space, trial)) for trial in trials]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Peer`."""
        self._study.tell(proposal.token, loss)


def suggested(space: Space, trial: Any) -> dict[str, Any]:
    """The assignment that a trial of Optuna suggests."""
    values: dict[str, Any] = {}
    for dimension in space.dimensions:
        if all(condition.holds(values) for condition in dimension.conditions):
            values[dimension.name] = _suggest(trial, dimension)
    return dict(space.assignment_of(values))


def _suggest(trial: Any, dimension: Dimension) -> Any:
    domain = plain_range(dimension)
    if domain is None:
        return trial.suggest_categorical(dimension.name, list(dimension.domain.values or ()))
    if domain.whole:
        return trial.suggest_int(dimension.name, int(domain.low), int(domain.high), log=domain.log)
    return trial.suggest_float(dimension.name, domain.low, domain.high, log=domain.log)
