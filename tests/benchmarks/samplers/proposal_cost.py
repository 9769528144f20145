"""What a proposal costs by the number of past trials, in ten dimensions.

    python -m tests.benchmarks.samplers.proposal_cost [--tpe 100 250 500 1000 2000] [--gp 50 100 200]
        [--repeats 15] [--processor-time]

TPE proposes in a mixed space, with a condition; the Gaussian process in one of numbers. Random configurations
of a quadratic function are told first. Then each proposal is told before the next is asked for. The median
time of a proposal and its telling is printed; it includes the fit of the Gaussian process. TPE must stay
under 5 ms at 1,000 past trials and grow no faster than linearly, the Gaussian process under 100 ms at 200.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import statistics
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fnnctl.records.trials import Trial
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.number_domains import Integer, LogInteger, LogUniform, Uniform
from fnnctl.space.space import Space
from tests.benchmarks.measuring import CLOCK
from tests.benchmarks.samplers import ours

LIMITS = {("tpe", 1000): 5.0, ("gp", 200): 100.0}
"""Milliseconds, by sampler and number of past trials."""


def numbers() -> list[Dimension]:
    """Eight dimensions of numbers."""
    return [
        *(Dimension(f"uniform{k}", Uniform(0.0, 1.0)) for k in range(3)),
        *(Dimension(f"log{k}", LogUniform(1e-4, 1.0)) for k in range(2)),
        *(Dimension(f"whole{k}", Integer(1, 10)) for k in range(2)),
        Dimension("width", LogInteger(8, 512)),
    ]


def mixed_space() -> Space:
    """Ten dimensions with two choices, one of which a number depends on."""
    choice = Dimension("choice", Choice(("a", "b", "c")))
    other = Dimension("other", Choice((True, False)))
    *rest, last = numbers()
    conditional = Dimension(last.setting, last.domain, conditions=(Condition("choice", ("a", "b")),))
    return Space([choice, other, *rest, conditional])


def number_space() -> Space:
    """Ten dimensions of numbers."""
    more = [Dimension(f"more{k}", Uniform(-1.0, 1.0)) for k in range(2)]
    return Space([*numbers(), *more])


def loss(space: Space, assignment: Assignment) -> float:
    """The squared distance to the middle of the unit cube, in a choice to its first value."""
    return sum((u - 0.5) ** 2 for u in space.coordinates(assignment).values())


def milliseconds(sampler: str, space: Space, past: int, repeats: int) -> float:
    """The median time of a proposal and of telling its loss."""
    rng = np.random.default_rng(past)
    proposer = ours.build(sampler, space, trials=past + repeats, seed=0)
    for number in range(past):
        assignment = space.assignment(rng.random(len(space.dimensions)).tolist())
        proposer.tell(Trial(number, assignment), loss(space, assignment), 1)
    times = []
    for number in range(past, past + repeats):
        begun = CLOCK.seconds()
        (assignment,) = proposer.ask(1, ())
        between = CLOCK.seconds()
        value = loss(space, assignment)
        resumed = CLOCK.seconds()
        proposer.tell(Trial(number, assignment), value, 1)
        times.append((CLOCK.seconds() - resumed + between - begun) * 1e3)
    return statistics.median(times)


def show(sampler: str, space: Space, sizes: Sequence[int], repeats: int) -> None:
    """A row for each number of past trials, with the growth since the row before."""
    if not ours.is_there(sampler):
        print(f"{sampler} is not in this version of fnnctl: left out")
        return
    print(f"{sampler:6} {'past trials':>12} {'ms a proposal':>14} {'times':>6} {'as many trials':>15}")
    found: dict[int, float] = {}
    for past in sorted(sizes):
        found[past] = milliseconds(sampler, space, past, repeats)
    growth = {b: (found[b] / found[a], b / a) for a, b in pairwise(found)}
    for past, each in found.items():
        times, many = growth.get(past, (float("nan"), float("nan")))
        limit = LIMITS.get((sampler, past))
        verdict = "" if limit is None else f"  under {limit:g} ms: {'yes' if each < limit else 'NO'}"
        print(f"{'':6} {past:12} {each:14.2f} {times:6.2f} {many:15.2f}{verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.proposal_cost")
    parser.add_argument("--tpe", type=int, nargs="*", default=(100, 250, 500, 1000, 2000))
    parser.add_argument("--gp", type=int, nargs="*", default=(50, 100, 200))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--processor-time", action="store_true", help="not the time that others took")
    given = parser.parse_args()
    if given.processor_time:
        CLOCK.count_processor_time()
    show("tpe", mixed_space(), given.tpe, given.repeats)
    show("gp", number_space(), given.gp, given.repeats)


if __name__ == "__main__":
    main()
