"""The same searches with samplers of other libraries, and a file that keeps their results, which take long.

The spaces are fnnctl's own, dimension by dimension. Samplers have their libraries' defaults, apart from the
options in `PEERS`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fnnctl.space.space import Space
from tests.benchmarks.samplers.peer import Peer
from tests.benchmarks.samplers.problems import Problem
from tests.benchmarks.samplers.with_dehb import DehbPeer
from tests.benchmarks.samplers.with_hebo import HeboPeer
from tests.benchmarks.samplers.with_optuna import OptunaPeer
from tests.benchmarks.samplers.with_smac import SmacPeer


@dataclass(frozen=True)
class Contender:
    """A sampler of another library."""

    library: str
    """The name of its distribution."""
    modules: tuple[str, ...]
    """What must be there to import."""
    make: Callable[[Space, int, int], Peer]
    """A new search of a space, of so many trials, with a seed."""


def _optuna(kind: str, *modules: str, **options: Any) -> Contender:
    options |= {"n_startup_trials": 10}
    return Contender(
        "optuna",
        ("optuna", *modules),
        lambda space, trials, seed: OptunaPeer(space, kind, options, seed=seed),
    )


def _smac(facade: str) -> Contender:
    return Contender(
        "smac", ("smac",), lambda space, trials, seed: SmacPeer(space, facade, trials=trials, seed=seed)
    )


PEERS: Final[Mapping[str, Contender]] = {
    "optuna-tpe": _optuna("TPESampler", multivariate=True, constant_liar=True),
    "optuna-tpe-group": _optuna("TPESampler", multivariate=True, group=True, constant_liar=True),
    "optuna-gp": _optuna("GPSampler", "scipy", "torch", deterministic_objective=True),
    "smac": _smac("HyperparameterOptimizationFacade"),
    "smac-gp": _smac("BlackBoxFacade"),
    "hebo": Contender("HEBO", ("hebo", "torch"), lambda space, trials, seed: HeboPeer(space, seed=seed)),
}
"""By name. Optuna's groups model conditional dimensions jointly; `smac` has a forest."""
BUDGET_PEERS: Final[Mapping[str, tuple[str, Callable[[Space, tuple[int, int], int], Peer]]]] = {
    "smac-hyperband": (
        "smac",
        lambda space, budgets, seed: SmacPeer(
            space, "MultiFidelityFacade", trials=MANY, seed=seed, budgets=budgets
        ),
    ),
    "dehb": ("dehb", lambda space, budgets, seed: DehbPeer(space, budgets=budgets, seed=seed)),
}
"""Those that choose budgets: their module, and a new search with the least and the largest budget."""
MANY: Final = 100_000
"""More trials than a search has: its epochs end it."""


def is_there(name: str) -> bool:
    """Whether all that the contender needs is installed."""
    modules = PEERS[name].modules if name in PEERS else (BUDGET_PEERS[name][0],)
    return all(importlib.util.find_spec(module) for module in modules)


def version(library: str) -> str | None:
    """The version of a library; None if it is not installed."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def search(name: str, problem: Problem, *, trials: int, batch: int, seed: int) -> list[float]:
    """The losses of the trials in order; `batch` of them are asked for before their losses are told."""
    peer = PEERS[name].make(problem.space, trials, seed)
    losses: list[float] = []
    while len(losses) < trials:
        proposals = peer.ask(min(batch, trials - len(losses)))
        losses += [problem.loss(proposal.assignment) for proposal in proposals]
        worst = max(filter(math.isfinite, losses), default=0.0)
        for proposal, loss in zip(proposals, losses[-len(proposals) :], strict=True):
            peer.tell(proposal, min(loss, worst))  # no model takes an infinite one
    return losses


class Recorded:
    """Losses of searches that were done before, in a file; what is missing is searched and added to it.

    Without a file nothing is kept. Losses of another version of the library count as missing. Libraries that
    cannot be installed together can fill one file in turn.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._versions: dict[str, str] = {}
        self._losses: dict[str, list[float]] = {}
        self._seconds: dict[str, float] = {}
        if path is not None and path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._versions, self._losses, self._seconds = (
                kept[part] for part in ("versions", "losses", "seconds")
            )
            for library in {contender.library for contender in PEERS.values()}:
                self._forget_other_versions(library)

    def version(self, library: str) -> str | None:
        """The version of a library: that of the file if it is not installed."""
        return version(library) or self._versions.get(library)

    def has(self, name: str) -> bool:
        """Whether searches of the contender are in the file."""
        return any(json.loads(key)[0] == name for key in self._losses)

    def search(
        self, name: str, problem: Problem, *, trials: int, batch: int, seed: int
    ) -> list[float] | None:
        """The losses of the trials in order; None if they are missing and the sampler is not installed."""
        key = json.dumps([name, problem.name, batch, seed])
        if len(self._losses.get(key, ())) < trials:
            if not is_there(name):
                return None
            begun = time.process_time()
            found = search(name, problem, trials=trials, batch=batch, seed=seed)
            self._losses[key] = found
            self._seconds[key] = time.process_time() - begun
            library = PEERS[name].library
            self._versions[library] = version(library) or ""
            self._save()
        return self._losses[key][:trials]

    def _forget_other_versions(self, library: str) -> None:
        installed = version(library)
        if installed is None or self._versions.get(library) in {None, installed}:
            return
        names = {name for name, contender in PEERS.items() if contender.library == library}
        for key in [key for key in self._losses if json.loads(key)[0] in names]:
            del self._losses[key], self._seconds[key]
        del self._versions[library]

    def _save(self) -> None:
        if self._path is not None:
            kept = {"versions": self._versions, "losses": self._losses, "seconds": self._seconds}
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self._path)
