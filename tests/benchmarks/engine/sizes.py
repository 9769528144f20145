"""How a member's time depends on how many there are, cut into stacks as anywhere: K = 1, 2, 4 … 256."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.engine import ours
from tests.benchmarks.engine.contest import Settings
from tests.benchmarks.engine.trained import seconds_of
from tests.benchmarks.engine.work import cell, cells
from tests.benchmarks.measuring import interleaved

SIZES = tuple(2**power for power in range(9))
MIN_STEPS = 20


def sizes(settings: Settings) -> None:
    """µs a step a member, and how far it rises again from its minimum."""
    print(
        "\nSizes: µs a step a member of K, one thread; 'rise' is the largest after the least, over the least"
    )
    print(
        f"{'data':14} {'hidden':6}" + "".join(f" {size:7}" for size in SIZES) + f" {'rise':>6} {'a stack':>8}"
    )
    for source, network in cells(settings.sources, settings.networks):
        works = {size: cell(source, network, steps=max(MIN_STEPS, settings.steps // size)) for size in SIZES}
        trainers = {size: ours.trainer(work, size) for size, work in works.items()}
        medians = interleaved({size: seconds_of(train) for size, train in trainers.items()}, settings.rounds)
        times = [medians[size] / work.steps / size * 1e6 for size, work in works.items()]
        most = max(len(stack) for stack in ours.cut(works[SIZES[-1]], SIZES[-1]))
        print(f"{source:14} {network:6}" + "".join(f" {each:7.1f}" for each in times), end="")
        print(f" {rise(times):6.0%} {most:8}", flush=True)


def rise(times: Sequence[float]) -> float:
    """By how much the largest time after the least one is above it, as a share."""
    least = min(times)
    return max(times[times.index(least) :]) / least - 1.0
