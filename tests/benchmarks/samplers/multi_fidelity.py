"""Searches that choose budgets, on functions whose bias and noise fall with the epochs, at equal epochs.

    python -m tests.benchmarks.samplers.multi_fidelity [--seeds 20] [--first-seed 0] [--passes 1 3]
        [--concurrency 1 8] [--contenders random tpe asha asha-tpe]

After b of R epochs, the heights of the wells of Hartmann's function of 3 or 6 dimensions are less by a bias
times 1 − b/R, so that other wells and places are the best, and there is normal noise whose deviation falls
with the square root of b. The incumbent is that of fnnctl: the best of the largest budget completed. What is
compared is the area under the curve of the base-10 logarithm of its true regret over the epochs spent,
divided by all epochs. A pass is one HyperBand, as `fnnctl search` runs it; further passes repeat the brackets
with the same sampler. `random` and `tpe` are HyperBand with these samplers (`hyperband` and `bohb`); `asha`
is with random search, and has the epochs of HyperBand's brackets. Differences are paired by function and
seed, with 95 % bootstrap intervals: below 0 the first one is ahead.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import TIME_IS_OVER, Header, Journal
from fnnctl.records.trials import Job
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import FunctionRunner
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Scheduler
from fnnctl.search.schedulers.asha import Asha
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.hyperband import HyperBand
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Uniform
from fnnctl.space.space import Space
from tests.benchmarks.samplers import ours
from tests.benchmarks.samplers.intervals import paired

BUDGET = SearchBudget(max_epochs=81)
BRACKETS = HyperBand.plan(BUDGET)
EPOCHS = sum(bracket.epochs_with_reuse for bracket in BRACKETS)
"""Of a pass."""
BIAS, NOISE = 1.0, 0.3
FLOOR = 1e-4
"""Smaller regrets count as this one: the noise of the largest budget is 0.03."""
OWN: Final[Mapping[str, tuple[str, str]]] = {
    "random": ("hyperband", "random"),
    "tpe": ("hyperband", "tpe"),
    "asha": ("asha", "random"),
    "asha-tpe": ("asha", "tpe"),
}
"""By name, the scheduler and the sampler."""
PAIRS = (("tpe", "random"), ("asha-tpe", "asha"), ("asha-tpe", "tpe"))

HARTMANN_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN_A = {
    3: np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
    6: np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
}
HARTMANN_P = {
    3: 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
    6: 1e-4
    * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    ),
}
HARTMANN_MINIMUM = {3: -3.862779787332663, 6: -3.322368011415515}


def unit_cube(dimensions: int) -> Space:
    """Continuous dimensions from 0 to 1."""
    return Space([Dimension(f"x{k}", Uniform(0.0, 1.0)) for k in range(1, dimensions + 1)])


def coordinates(assignment: Assignment) -> FloatArray:
    """The values of a unit cube's dimensions."""
    return np.array([assignment[f"x{k}"] for k in range(1, len(assignment) + 1)])


def hartmann(x: FloatArray, shift: float = 0.0) -> float:
    """Hartmann's function of 3 or 6 dimensions; `shift` is taken from the heights of its four wells."""
    A, P = HARTMANN_A[len(x)], HARTMANN_P[len(x)]
    return float(-(HARTMANN_ALPHA - shift) @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))


@dataclass(frozen=True)
class Step:
    """A result of a search."""

    place: FloatArray
    budget: int
    loss: float
    epochs: int
    """Trained for it."""


class NoisyHartmann:
    """The objective; the noise of a result follows from the seed, the assignment and the epochs."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, job: Job) -> float:
        x = coordinates(job.trial.assignment)
        words = [self._seed, job.stop, *np.round(x * 1e9).astype(int).tolist()]
        noise = np.random.default_rng(words).standard_normal()
        shift = BIAS * (1 - job.stop / BUDGET.max_epochs)
        return hartmann(x, shift) + NOISE / math.sqrt(job.stop) * float(noise)


def search(name: str, size: int, seed: int, *, passes: int, concurrency: int) -> list[Step]:
    """The results of fnnctl's search on Hartmann's function of so many dimensions."""
    kind, sampler_name = OWN[name]
    epochs = passes * EPOCHS
    sampler = ours.build(sampler_name, unit_cube(size), trials=1000, seed=seed, scheduler=kind)
    journal = Journal()
    journal.begin(Header("", None, {}, {"scheduler": kind, "direction": "minimize"}))
    source = TrialSource(sampler, direction="minimize", batch=concurrency)
    scheduler: Scheduler
    if kind == "asha":
        (ladder,) = Asha.plan(
            SearchBudget(max_epochs=BUDGET.max_epochs, trials=epochs)
        )  # an epoch or more each
        scheduler = Asha(source, ladder, reduction_factor=BUDGET.reduction_factor)
    else:
        scheduler = HyperBand(source, BRACKETS * passes)
    spent: list[int] = []
    run_search(
        scheduler,
        FunctionRunner(NoisyHartmann(seed)),
        journal,
        concurrency=concurrency,
        stop=lambda: TIME_IS_OVER if sum(spent) >= epochs else None,
        on_result=lambda result: spent.append(result.epochs),
    )
    history = SearchHistory(journal)
    return [
        Step(
            coordinates(history.trials[result.trial].assignment),
            result.budget,
            history.loss_of(result),
            result.epochs,
        )
        for result in history.results
    ]


def area(steps: Sequence[Step], epochs: int) -> tuple[float, float]:
    """The mean over so many epochs of the incumbent's log regret, and that at their end.

    Until the first result the incumbent counts as no better than the first trial. A result that takes more
    epochs than are left does not count.
    """
    best: tuple[float, float] | None = None
    regret, total, left = 0.0, 0.0, epochs
    for step in steps:
        true = math.log10(max(hartmann(step.place) - HARTMANN_MINIMUM[len(step.place)], FLOOR))
        regret = true if best is None else regret
        total, left = total + min(step.epochs, left) * regret, left - step.epochs
        if left < 0:
            break
        rank = -step.budget, step.loss
        if best is None or rank < best:
            best, regret = rank, true
    return (total + max(left, 0) * regret) / epochs, regret


def areas(name: str, size: int, seeds: Sequence[int], *, passes: int, concurrency: int) -> FloatArray:
    """The `area` and the log regret at the end, by seed."""
    found = []
    for seed in seeds:
        if sys.stderr.isatty():
            print(f"\r\033[Khartmann{size}, {name}, seed {seed}", end="\r", file=sys.stderr)
        steps = search(name, size, seed, passes=passes, concurrency=concurrency)
        found.append(area(steps, passes * EPOCHS))
    return np.array(found)


def show_differences(found: Mapping[tuple[str, int], FloatArray]) -> None:
    """The paired differences, by function and over both."""
    names = {name for name, _ in found}
    for (first, second), (column, measure) in product(PAIRS, enumerate(("area", "at the end"))):
        if {first, second} <= names:
            differences = {
                f"hartmann{size}": (found[first, size] - found[second, size])[:, column].tolist()
                for size in HARTMANN_MINIMUM
            }
            parts = {function: {function: values} for function, values in differences.items()}
            for function, values in {**parts, "all": differences}.items():
                difference = paired(values)
                print(f"{first} − {second}, {function}, {measure}: {difference}  {difference.verdict}")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.multi_fidelity")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--passes", type=int, nargs="*", default=(1, 3))
    parser.add_argument("--concurrency", type=int, nargs="*", default=(1, 8))
    parser.add_argument("--contenders", nargs="*", default=tuple(OWN), choices=tuple(OWN))
    given = parser.parse_args(words)
    print(
        f"bias {BIAS:g}, noise {NOISE:g}/√epochs, at most {BUDGET.max_epochs} epochs a trial, floor {FLOOR:g}"
    )
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    for passes, concurrency in product(given.passes, given.concurrency):
        print(f"\n{passes} × HyperBand, {concurrency} at once\n{'':27} {'area':>8} {'at the end':>11}")
        found: dict[tuple[str, int], FloatArray] = {}
        for size, name in product(HARTMANN_MINIMUM, given.contenders):
            found[name, size] = areas(name, size, seeds, passes=passes, concurrency=concurrency)
            mean, end = found[name, size].mean(axis=0)
            print(f"hartmann{size} {name:16} {mean:8.3f} {end:11.3f}", flush=True)
        show_differences(found)


if __name__ == "__main__":
    main()
