"""A contest: fnnctl, the peers that are present, and the bare matrix products take turns at the same work."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType

from tests.benchmarks.engine import ours, products
from tests.benchmarks.engine.trained import seconds_of
from tests.benchmarks.engine.work import Work
from tests.benchmarks.measuring import interleaved

FNNCTL, PRODUCTS = "fnnctl", "products"
PEERS = {"scikit-learn": ("sklearn", "scikit_learn"), "PyTorch": ("torch", "pytorch"), "JAX": ("jax", "jax")}
"""What is imported, and the module of `peers` that does it."""

Contenders = dict[tuple[str, str], Callable[[], float]]
"""By library and way of doing it; each returns the seconds of all its networks' steps."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is measured."""

    rounds: int
    steps: int
    """About how many a training has."""
    sources: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """A library's best way."""

    way: str
    microseconds: float
    """For a step of one network."""


def present(names: Iterable[str]) -> dict[str, ModuleType]:
    """Those of the peers that are installed; of each other one a line is printed."""
    found = {}
    for name in names:
        package, module = PEERS[name]
        if find_spec(package):
            found[name] = importlib.import_module(f"tests.benchmarks.engine.peers.{module}")
        else:
            print(f"{name} is not installed: left out")
    return found


def contend(
    work: Work, members: int, peers: Mapping[str, tuple[ModuleType, int]], rounds: int
) -> dict[str, Best]:
    """The best way of fnnctl, of each peer, which trains so many networks at once, and of the products."""
    counts = {FNNCTL: members, PRODUCTS: members, **{name: count for name, (_, count) in peers.items()}}
    contenders: Contenders = {(FNNCTL, ""): seconds_of(ours.trainer(work, members))}
    for name, (peer, count) in peers.items():
        for way, trainer in peer.trainers(work, count).items():
            contenders[name, way] = seconds_of(trainer)
    stacks = [len(stack) for stack in ours.cut(work, members)]
    contenders[PRODUCTS, "examples last"] = products.examples_last(work, stacks)
    contenders[PRODUCTS, "examples first"] = products.examples_first(work, stacks)
    best: dict[str, Best] = {}
    for (name, way), seconds in interleaved(contenders, rounds).items():
        microseconds = seconds / work.steps / counts[name] * 1e6
        if microseconds < best.get(name, Best("", math.inf)).microseconds:
            best[name] = Best(way, microseconds)
    return best
