"""Who searches what: the losses of every contender on every problem, as far as they are there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.samplers import ours, theirs
from tests.benchmarks.samplers.problems import Problem
from tests.benchmarks.samplers.theirs import Recorded

TWICE = "random×2"
"""Random search with twice the trials."""
OWN = ("random", TWICE, "tpe", "gp", "evolution")
ALL = (*OWN, *theirs.PEERS)
NUMERIC_ONLY = frozenset({"gp", "optuna-gp", "smac-gp", "hebo"})
"""Contenders that model ordered and unconditional dimensions only."""
CONDITIONAL_ONLY = frozenset({"optuna-tpe-group"})
"""Contenders that differ from another one on conditional spaces only."""

Runs = Mapping[int, Sequence[float]]
"""By seed, the best loss after each trial."""


def best_so_far(losses: Iterable[float]) -> list[float]:
    """The smallest loss up to each trial."""
    best, found = float("inf"), []
    for loss in losses:
        best = min(best, loss)
        found.append(best)
    return found


def installed(names: Iterable[str], recorded: Recorded) -> list[str]:
    """The contenders that are there; says which are left out."""
    found = []
    for name in names:
        if name in theirs.PEERS:
            there, why = theirs.is_there(name) or recorded.has(name), "is not installed"
        else:
            there, why = name == TWICE or ours.is_there(name), "is not in this version of fnnctl"
        if there:
            found.append(name)
        else:
            print(f"{name} {why}: left out")
    return found


def versions(names: Iterable[str], recorded: Recorded) -> str:
    """The versions of the libraries that take part, as one line."""
    libraries = dict.fromkeys(theirs.PEERS[name].library for name in names if name in theirs.PEERS)
    return ", ".join(f"{library} {recorded.version(library)}" for library in libraries) or "fnnctl alone"


def takes_part(name: str, problem: Problem) -> bool:
    """Whether the contender searches this problem."""
    conditional = any(each.conditions for each in problem.space.dimensions)
    return (problem.numeric or name not in NUMERIC_ONLY) and (conditional or name not in CONDITIONAL_ONLY)


def run(
    name: str, problem: Problem, *, trials: int, batch: int, seeds: Sequence[int], recorded: Recorded
) -> Runs:
    """The contender's searches; seeds that are not recorded are left out if it is not installed."""
    found: dict[int, Sequence[float]] = {}
    for seed in seeds:
        if sys.stderr.isatty():
            print(f"\r\033[K{name}, batch {batch}, {problem.name}, seed {seed}", end="\r", file=sys.stderr)
        losses: Sequence[float] | None
        if name in theirs.PEERS:
            losses = recorded.search(name, problem, trials=trials, batch=batch, seed=seed)
        elif name == TWICE:
            twice = ours.search("random", problem, trials=2 * trials, batch=2 * batch, seed=seed)
            losses = best_so_far(twice)[1::2]
        else:
            losses = ours.search(name, problem, trials=trials, batch=batch, seed=seed)
        if losses is not None:
            found[seed] = best_so_far(losses)
    return found
