"""Regret on analytic functions, beside random search, Optuna, SMAC and HEBO where installed or recorded.

    python -m tests.benchmarks.samplers.functions [--recorded FILE] [--contenders NAME …] [--functions NAME …]
        [--seeds 20] [--first-seed 0] [--trials 100] [--batches 1 8]

Branin, Hartmann with 3 and 6 dimensions, and a mixed function with conditional dimensions. Regret is the
distance of the best loss so far to the known minimum; its base-10 logarithm is averaged over seeds.
Differences are paired by function and seed, with 95 % bootstrap intervals: below 0 the first one is ahead.
With a batch of 8, eight trials are proposed before any of their losses is told. FILE keeps the
results of other libraries, so that they are computed once; for the same reason contenders can be chosen.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from tests.benchmarks.samplers.contenders import ALL, TWICE, Runs, installed, run, takes_part, versions
from tests.benchmarks.samplers.intervals import paired
from tests.benchmarks.samplers.problems import Problem, functions
from tests.benchmarks.samplers.theirs import Recorded

FLOOR = 1e-8
"""Smaller regrets count as this one. fnnctl rounds to five digits, which costs about as much."""
OTHER_FLOORS = (1e-6, 1e-4, 1e-2)
"""Floors with which the differences are shown again, so that one sees what the last digits decide."""
PAIRS = (
    ("tpe", TWICE),
    ("gp", TWICE),
    ("tpe", "optuna-tpe"),
    ("tpe", "optuna-tpe-group"),
    ("gp", "optuna-gp"),
    ("tpe", "smac"),
    ("gp", "smac"),
    ("gp", "smac-gp"),
    ("gp", "hebo"),
    ("optuna-tpe", TWICE),
    ("optuna-gp", TWICE),
)

Found = Mapping[tuple[str, str], Runs]
"""By contender and problem."""


def log_regret(runs: Runs, problem: Problem, trials: int, floor: float = FLOOR) -> dict[int, float]:
    """By seed, after so many trials."""
    return {
        seed: math.log10(max(losses[min(trials, len(losses)) - 1] - problem.minimum, floor))
        for seed, losses in runs.items()
    }


def show_regret(found: Found, problems: Mapping[str, Problem], marks: Sequence[int]) -> None:
    """A row for each function and contender."""
    head = "".join(f"{f'after {each}':>11}" for each in marks)
    print(f"{'function':10} {'contender':17}{head}  seeds  at the floor")
    for (name, function), runs in sorted(found.items(), key=lambda item: list(problems).index(item[0][1])):
        by_mark = [list(log_regret(runs, problems[function], each).values()) for each in marks]
        means = "".join(f"{sum(values) / len(values):11.3f}" for values in by_mark)
        floored = sum(value <= math.log10(FLOOR) for value in by_mark[-1])
        print(f"{function:10} {name:17}{means}  {len(runs):5}  {floored or ''}")


def differences(
    found: Found, problems: Mapping[str, Problem], pair: tuple[str, str], trials: int, floor: float = FLOOR
) -> dict[str, list[float]]:
    """The first contender's log regrets minus the second's, by function, of seeds that both have searched."""
    by_function = {}
    for function, problem in problems.items():
        own, other = (log_regret(found.get((each, function), {}), problem, trials, floor) for each in pair)
        if both := sorted(own.keys() & other.keys()):
            by_function[function] = [own[seed] - other[seed] for seed in both]
    return by_function


def show_differences(found: Found, problems: Mapping[str, Problem], marks: Sequence[int]) -> None:
    """The paired differences: for each function, over all of them, and that with other floors."""
    for pair in PAIRS:
        for trials in marks:
            if not (by_function := differences(found, problems, pair, trials)):
                continue
            print(f"{pair[0]} − {pair[1]} after {trials} trials")
            rows = {
                f"{function}, {len(values)} seeds": {function: values}
                for function, values in by_function.items()
            }
            rows["all"] = by_function
            if trials == marks[-1]:
                for floor in OTHER_FLOORS:
                    rows[f"all, floor {floor:g}"] = differences(found, problems, pair, trials, floor)
            for name, values in rows.items():
                difference = paired(values)
                print(f"    {name:20} {difference!s:28} {difference.verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.functions")
    parser.add_argument("--recorded", type=Path, metavar="FILE", help="reads or writes others' results")
    parser.add_argument("--contenders", nargs="*", default=ALL, choices=ALL)
    parser.add_argument("--functions", nargs="*", default=tuple(functions()), choices=tuple(functions()))
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--batches", type=int, nargs="*", default=(1, 8))
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    recorded = Recorded(given.recorded)
    problems = {name: each for name, each in functions().items() if name in given.functions}
    marks = sorted({max(given.trials // 4, 1), max(given.trials // 2, 1), given.trials})
    contenders = installed(given.contenders, recorded)
    print(f"{versions(contenders, recorded)}; log10 regret, floor {FLOOR:g}")
    for batch in given.batches:
        found = {}
        for name, (function, problem) in product(contenders, problems.items()):
            if takes_part(name, problem):
                runs = run(name, problem, trials=given.trials, batch=batch, seeds=seeds, recorded=recorded)
                if runs:
                    found[name, function] = runs
        print(f"\nBatch {batch}")
        show_regret(found, problems, marks)
        show_differences(found, problems, marks)


if __name__ == "__main__":
    main()
