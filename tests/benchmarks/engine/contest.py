"""A contest: fnnctl, the peers that are present, and the bare matrix products take turns at the same work."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from types import ModuleType

from fnnctl.arrays import FloatArray
from tests.benchmarks.engine import ours, products
from tests.benchmarks.engine.trained import Trainer
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
    epochs: int
    """Of a cross-validation."""
    sources: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """A library's best way."""

    way: str
    microseconds: float
    """For a step of one network."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a contest ended."""

    best: dict[str, Best]
    """fnnctl first, the products last."""
    ways: dict[tuple[str, str], float]
    """The microseconds of each library's every way."""
    apart: float
    """How far the first networks' last losses are from fnnctl's at the most, as a share of its first loss."""


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


def contend(work: Work, members: int, peers: Mapping[str, tuple[ModuleType, int]], rounds: int) -> Result:
    """Let fnnctl, each peer, which trains so many networks at once, and the products take turns."""
    counts = {FNNCTL: members, PRODUCTS: members, **{name: count for name, (_, count) in peers.items()}}
    trainers: dict[tuple[str, str], Trainer] = {(FNNCTL, ""): ours.trainer(work, members)}
    for name, (peer, count) in peers.items():
        for way, train in peer.trainers(work, count).items():
            trainers[name, way] = train
    losses: dict[tuple[str, str], FloatArray] = {}
    contenders: Contenders = {key: partial(_seconds, key, train, losses) for key, train in trainers.items()}
    stacks = [len(stack) for stack in ours.cut(work, members)]
    contenders[PRODUCTS, "last"] = products.examples_last(work, stacks)
    contenders[PRODUCTS, "first"] = products.examples_first(work, stacks)
    best: dict[str, Best] = {}
    ways: dict[tuple[str, str], float] = {}
    for (name, way), seconds in interleaved(contenders, rounds).items():
        ways[name, way] = microseconds = seconds / work.steps / counts[name] * 1e6
        if microseconds < best.get(name, Best("", math.inf)).microseconds:
            best[name] = Best(way, microseconds)
    return Result(best, ways, _apart(losses))


def _seconds(key: tuple[str, str], train: Trainer, losses: dict[tuple[str, str], FloatArray]) -> float:
    trained = train()
    losses[key] = trained.losses[:, 0]
    return trained.seconds


def _apart(losses: Mapping[tuple[str, str], FloatArray]) -> float:
    """How far the last losses are from fnnctl's at the most, as a share of its first one."""
    own = losses[FNNCTL, ""]
    return max(abs(float(curve[-1] - own[-1])) for curve in losses.values()) / float(own[0])
