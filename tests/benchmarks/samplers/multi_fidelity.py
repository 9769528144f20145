"""HyperBand with TPE (bohb) beside HyperBand with random search, on functions whose bias and noise fall.

    python -m tests.benchmarks.samplers.multi_fidelity [--seeds 20] [--first-seed 0] [--passes 1 3]
        [--concurrency 1 8] [--samplers random tpe]

After b of R epochs, the heights of the wells of Hartmann's function of 3 or 6 dimensions are less by a bias
times 1 − b/R, so that other wells and places are the best, and there is normal noise whose deviation falls
with the square root of b. The incumbent is that of fnnctl: the best of the largest budget completed. What is
compared is the area under the curve of the base-10 logarithm of its true regret over the epochs spent,
divided by all epochs. A pass is one HyperBand, as `fnnctl search` runs it; further passes repeat the brackets
with the same sampler. Differences are paired by function and seed, with 95 % bootstrap intervals: below 0 the
sampler is ahead of random.
"""

from __future__ import annotations

import argparse
import math
import sys
from itertools import product

import numpy as np

from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import Job
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import FunctionRunner
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Sampler
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.hyperband import HyperBand
from tests.benchmarks.samplers import ours
from tests.benchmarks.samplers.intervals import paired
from tests.benchmarks.samplers.problems import HARTMANN_MINIMUM, coordinates, hartmann, unit_cube

BUDGET = SearchBudget(max_epochs=81)
BIAS, NOISE = 1.0, 0.3
FLOOR = 1e-4
"""Smaller regrets count as this one: the noise of the largest budget is 0.03."""


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


def search(sampler: Sampler, seed: int, *, passes: int, concurrency: int) -> SearchHistory:
    """HyperBand's brackets, repeated."""
    journal = Journal()
    journal.begin(Header("", None, {}, {"scheduler": "hyperband", "direction": "minimize"}))
    source = TrialSource(sampler, direction="minimize", batch=concurrency)
    scheduler = HyperBand(source, HyperBand.plan(BUDGET) * passes)
    run_search(scheduler, FunctionRunner(NoisyHartmann(seed)), journal, concurrency=concurrency)
    return SearchHistory(journal)


def area(history: SearchHistory) -> tuple[float, float]:
    """The mean over epochs of the incumbent's log regret, and that at the end.

    Until the first result the incumbent counts as no better than the first trial.
    """
    best: tuple[float, ...] = ()
    regret, total, epochs = None, 0.0, 0
    for result in history.results:
        rank = (-result.budget, history.loss_of(result), result.trial)
        x = coordinates(history.trials[result.trial].assignment)
        true = math.log10(max(hartmann(x) - HARTMANN_MINIMUM[len(x)], FLOOR))
        regret = true if regret is None else regret
        total, epochs = total + result.epochs * regret, epochs + result.epochs
        if not best or rank < best:
            best, regret = rank, true
    return total / epochs, 0.0 if regret is None else regret


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.multi_fidelity")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--passes", type=int, nargs="*", default=(1, 3))
    parser.add_argument("--concurrency", type=int, nargs="*", default=(1, 8))
    parser.add_argument("--samplers", nargs="*", default=("random", "tpe"))
    given = parser.parse_args()
    names = [each for each in given.samplers if ours.is_there(each)]
    for missing in sorted(set(given.samplers) - set(names)):
        print(f"{missing} is not in this version of fnnctl: left out")
    print(
        f"bias {BIAS:g}, noise {NOISE:g}/√epochs, at most {BUDGET.max_epochs} epochs a trial, floor {FLOOR:g}"
    )
    for passes, concurrency in product(given.passes, given.concurrency):
        print(f"\n{passes} × HyperBand, {concurrency} at once\n{'':22} {'area':>8} {'at the end':>11}")
        areas: dict[tuple[str, str], list[float]] = {}
        for size, name in product((3, 6), names):
            found = []
            for seed in range(given.first_seed, given.first_seed + given.seeds):
                if sys.stderr.isatty():
                    print(f"\r\033[Khartmann{size}, {name}, seed {seed}", end="\r", file=sys.stderr)
                sampler = ours.build(name, unit_cube(size), trials=1000, seed=seed, scheduler="hyperband")
                found.append(area(search(sampler, seed, passes=passes, concurrency=concurrency)))
            areas[name, f"hartmann{size}"] = [each for each, _ in found]
            mean, end = np.mean(found, axis=0)
            print(f"hartmann{size} {name:11} {mean:8.3f} {end:11.3f}")
        for name in (each for each in names if each != "random"):
            differences = {
                function: [a - b for a, b in zip(own, areas["random", function], strict=True)]
                for (other, function), own in areas.items()
                if other == name and ("random", function) in areas
            }
            for function, values in differences.items():
                difference = paired({function: values})
                print(f"{name} − random, {function}: {difference}  {difference.verdict}")
            if differences:
                print(f"{name} − random, all: {paired(differences)}  {paired(differences).verdict}")


if __name__ == "__main__":
    main()
