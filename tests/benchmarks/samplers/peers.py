"""The same searches with samplers of other libraries.

The spaces are fnnctl's own, dimension by dimension. Samplers have their libraries' defaults, apart from the
options in `PEERS`.
"""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import Any, Final, Protocol

from fnnctl.space.assignments import Assignment
from fnnctl.space.number_domains import Integer
from fnnctl.space.space import Space
from tests.benchmarks.samplers.table import Problem


@dataclass(frozen=True)
class Proposal:
    """A configuration that a library proposes."""

    token: Any
    """What the library knows the proposal by."""
    assignment: Assignment


class Search(Protocol):
    """A search with another library."""

    def ask(self, n: int) -> list[Proposal]:
        """So many proposals, before any of their losses is told."""

    def tell(self, proposal: Proposal, loss: float) -> None:
        """Tell the loss of a proposal."""


def bounds(space: Space) -> dict[str, tuple[int, int]]:
    """The least and the largest value of each dimension; all are whole numbers."""
    ends = {}
    for dimension in space.dimensions:
        if not isinstance(dimension.domain, Integer) or dimension.conditions:
            raise ValueError(f"{dimension.name} is no unconditional whole number")
        ends[dimension.name] = int(dimension.domain.low), int(dimension.domain.high)
    return ends


class OptunaSearch:
    """A study with one of Optuna's samplers, by the name of its class."""

    def __init__(self, space: Space, kind: str, options: Mapping[str, Any], *, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(logging.ERROR)
        self._space = space
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of options that count as experimental
            self._study = optuna.create_study(sampler=getattr(optuna.samplers, kind)(seed=seed, **options))

    def ask(self, n: int) -> list[Proposal]:
        """See `Search`."""
        trials = [self._study.ask() for _ in range(n)]
        return [
            Proposal(
                trial, {name: trial.suggest_int(name, *ends) for name, ends in bounds(self._space).items()}
            )
            for trial in trials
        ]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Search`."""
        self._study.tell(proposal.token, loss)


class SmacSearch:
    """One of SMAC's facades with its defaults, by the name of its class."""

    def __init__(self, space: Space, facade: str, *, trials: int, seed: int) -> None:
        """SMAC shapes its first trials by their number."""
        import ConfigSpace
        import smac

        configurations = ConfigSpace.ConfigurationSpace(seed=seed)
        configurations.add([ConfigSpace.Integer(name, ends) for name, ends in bounds(space).items()])
        self._folder = tempfile.TemporaryDirectory(prefix="fnnctl-smac-")
        scenario = smac.Scenario(
            configurations,
            deterministic=True,
            n_trials=trials,
            seed=seed,
            output_directory=self._folder.name,
        )
        make = getattr(smac, facade)
        self._facade: Any = make(scenario, _no_target, overwrite=True, logging_level=logging.CRITICAL)

    def ask(self, n: int) -> list[Proposal]:
        """See `Search`."""
        trials = [self._facade.ask() for _ in range(n)]
        return [
            Proposal(trial, {name: int(value) for name, value in trial.config.items()}) for trial in trials
        ]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Search`."""
        from smac.runhistory.dataclasses import TrialValue

        self._facade.tell(proposal.token, TrialValue(cost=loss))


def _no_target(config: Any, seed: int = 0) -> float:
    raise RuntimeError("SMAC is asked and told")


@dataclass(frozen=True)
class Peer:
    """A sampler of another library."""

    library: str
    """The name of its distribution."""
    modules: tuple[str, ...]
    """What must be there to import."""
    make: Callable[[Space, int, int], Search]
    """A new search of a space, of so many trials, with a seed."""

    @property
    def is_installed(self) -> bool:
        """Whether all that it needs is installed."""
        return all(map(find_spec, self.modules))

    @property
    def version(self) -> str:
        """The version of its library, which is installed."""
        return metadata.version(self.library)


def _optuna(kind: str, *modules: str, **options: Any) -> Peer:
    options |= {"n_startup_trials": 10}
    return Peer(
        "optuna",
        ("optuna", *modules),
        lambda space, trials, seed: OptunaSearch(space, kind, options, seed=seed),
    )


def _smac(facade: str) -> Peer:
    return Peer(
        "smac", ("smac",), lambda space, trials, seed: SmacSearch(space, facade, trials=trials, seed=seed)
    )


PEERS: Final[Mapping[str, Peer]] = {
    "optuna-tpe": _optuna("TPESampler", multivariate=True, constant_liar=True),
    "optuna-gp": _optuna("GPSampler", "scipy", "torch", deterministic_objective=True),
    "smac": _smac("HyperparameterOptimizationFacade"),
    "smac-gp": _smac("BlackBoxFacade"),
}
"""By name; `smac` has a forest."""


def search(peer: Peer, problem: Problem, *, trials: int, batch: int, seed: int) -> list[float]:
    """The losses of the trials in order; `batch` of them are asked for before their losses are told."""
    library = peer.make(problem.space, trials, seed)
    losses: list[float] = []
    while len(losses) < trials:
        proposals = library.ask(min(batch, trials - len(losses)))
        losses += [problem.loss(proposal.assignment) for proposal in proposals]
        worst = max(filter(math.isfinite, losses), default=0.0)
        for proposal, loss in zip(proposals, losses[-len(proposals) :], strict=True):
            library.tell(proposal, min(loss, worst))  # no model takes an infinite one
    return losses
