"""SMAC's facades in fnnctl's spaces."""

from __future__ import annotations

import logging
import tempfile
from typing import Any

from fnnctl.space.dimensions import Dimension
from fnnctl.space.space import Space
from tests.benchmarks.samplers.peer import Proposal, plain_range


class SmacPeer:
    """One of SMAC's facades with its defaults, by the name of its class."""

    def __init__(
        self, space: Space, facade: str, *, trials: int, seed: int, budgets: tuple[int, int] | None = None
    ) -> None:
        """SMAC shapes its first trials by their number; `budgets` are the least and the largest one."""
        import smac

        folder = tempfile.TemporaryDirectory(prefix="fnnctl-smac-")
        least, most = budgets or (None, None)
        scenario = smac.Scenario(
            configuration_space(space, seed),
            deterministic=True,
            n_trials=trials,
            seed=seed,
            min_budget=least,
            max_budget=most,
            output_directory=folder.name,
        )
        self._space, self._folder = space, folder
        make = getattr(smac, facade)
        self._facade: Any = make(scenario, _no_target, overwrite=True, logging_level=logging.CRITICAL)

    def ask(self, n: int) -> list[Proposal]:
        """See `Peer`."""
        trials = [self._facade.ask() for _ in range(n)]
        return [Proposal(each, self._assignment(each.config), round(each.budget or 1)) for each in trials]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Peer`."""
        from smac.runhistory.dataclasses import TrialValue

        self._facade.tell(proposal.token, TrialValue(cost=loss))

    def _assignment(self, configuration: Any) -> dict[str, Any]:
        values = {
            dimension.name: _value(dimension, configuration[dimension.name])
            for dimension in self._space.dimensions
            if dimension.name in configuration
        }
        return dict(self._space.assignment_of(values))


def configuration_space(space: Space, seed: int) -> Any:
    """The space as a `ConfigurationSpace`: the values of a choice are their numbers."""
    import ConfigSpace

    made = ConfigSpace.ConfigurationSpace(seed=seed)
    made.add([_hyperparameter(ConfigSpace, each) for each in space.dimensions])
    for dimension in space.dimensions:
        conditions = []
        for condition in dimension.conditions:
            (parent,) = (each for each in space.dimensions if each.name == condition.dimension)
            if plain_range(parent) is None:
                choices = list(parent.domain.values or ())
                values = [choices.index(value) for value in condition.values]
            else:
                values = list(condition.values)
            conditions.append(ConfigSpace.InCondition(made[dimension.name], made[parent.name], values))
        if conditions:
            made.add(conditions[0] if len(conditions) == 1 else ConfigSpace.AndConjunction(*conditions))
    return made


def _hyperparameter(module: Any, dimension: Dimension) -> Any:
    domain = plain_range(dimension)
    if domain is None:
        return module.Categorical(dimension.name, list(range(len(dimension.domain.values or ()))))
    kind, number = (module.Integer, int) if domain.whole else (module.Float, float)
    return kind(dimension.name, (number(domain.low), number(domain.high)), log=domain.log)


def _value(dimension: Dimension, value: Any) -> Any:
    domain = plain_range(dimension)
    if domain is None:
        return list(dimension.domain.values or ())[int(value)]
    return int(value) if domain.whole else float(value)


def _no_target(config: Any, seed: int = 0, budget: float = 0.0) -> float:
    raise RuntimeError("SMAC is asked and told")
