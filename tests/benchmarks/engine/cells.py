"""The two tables over data sets and networks: one network alone, and 32 of them stacked."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import geometric_mean
from types import ModuleType

from tests.benchmarks.engine.contest import FNNCTL, PRODUCTS, Result, Settings, contend, present
from tests.benchmarks.engine.ours import cut
from tests.benchmarks.engine.products import flops
from tests.benchmarks.engine.work import Work, cell, cells

STACKED, FEWER = 32, 8


def alone(settings: Settings) -> None:
    """One network, against scikit-learn and PyTorch."""
    print("\nAlone: one network, one thread")
    peers = present(("scikit-learn", "PyTorch"))
    _table(settings, 1, {name: (peer, 1) for name, peer in peers.items()})


def stacked(settings: Settings) -> None:
    """32 networks, against JAX's vmap over as many and over fewer, and scikit-learn's one after the other."""
    print(
        f"\nStacked: {STACKED} networks, one thread; scikit-learn trains one after the other, JAX all at once"
    )
    print(f"by vmap, and, which may suit the cache better, {FEWER} at once")
    contenders = {name: (peer, 1) for name, peer in present(("scikit-learn",)).items()}
    for name, peer in present(("JAX",)).items():
        contenders |= {name: (peer, STACKED), f"{name} by {FEWER}": (peer, FEWER)}
    _table(settings, STACKED, contenders)


def _table(settings: Settings, members: int, peers: Mapping[str, tuple[ModuleType, int]]) -> None:
    print("µs a step a network; 'ratio' is a peer's time over fnnctl's; 'peak' is the share of the time that")
    print("the step's bare matrix products take, in the better of two layouts, and these products' speed;")
    print("'apart' is by how much of the first loss the last losses of all that trained differ from fnnctl's")
    print(f"{'data':14} {'hidden':6} {'steps':>5} {'stacks':>9} {'fnnctl':>8}", end="")
    for name in peers:
        print(f" {name:>13} {'ratio':>6} {'':9}", end="")
    print(f" {'products':>8} {'peak':>5} {'GFLOP/s':>8} {'apart':>6}")
    ratios: dict[str, list[float]] = {name: [] for name in peers}
    bounds: dict[str, list[float]] = {name: [] for name in peers}
    ways: dict[tuple[str, str], list[float]] = {}
    for source, network in cells(settings.sources, settings.networks):
        work = cell(source, network, steps=settings.steps)
        result = contend(work, members, peers, settings.rounds)
        best = result.best
        for name in peers:
            ratios[name].append(best[name].microseconds / best[FNNCTL].microseconds)
            bounds[name].append(best[name].microseconds / best[PRODUCTS].microseconds)
        for (name, way), microseconds in result.ways.items():
            ways.setdefault((name, way), []).append(microseconds / best[FNNCTL].microseconds)
        _row(work, network, members, result)
    for name, of_cells in ratios.items():
        print(f"{name}: geometric mean of the ratios {geometric_mean(of_cells):.2f}", end="")
        print(f" (of the products alone {geometric_mean(bounds[name]):.2f}), least {min(of_cells):.2f}")
        each = {way: geometric_mean(own) for (library, way), own in ways.items() if library == name}
        if len(each) > 1:
            print(f"  by way: {', '.join(f'{way} {mean:.2f}' for way, mean in each.items())}")


def _row(work: Work, network: str, members: int, result: Result) -> None:
    best = result.best
    sizes = [len(stack) for stack in cut(work, members)]
    stacks = f"{len(sizes)} of {max(sizes)}"
    own = best[FNNCTL].microseconds
    print(f"{work.name:14} {network:6} {work.steps:5} {stacks:>9} {own:8.1f}", end="")
    for name in best:
        if name not in {FNNCTL, PRODUCTS}:
            ratio = best[name].microseconds / own
            print(f" {best[name].microseconds:13.1f} {ratio:6.2f} {best[name].way:9}", end="")
    bare = best[PRODUCTS].microseconds
    speed = flops(work) * work.epochs / work.steps / bare / 1e3
    print(f" {bare:8.1f} {bare / own:5.2f} {speed:8.1f} {result.apart:6.2%}", flush=True)
