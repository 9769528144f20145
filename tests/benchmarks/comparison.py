"""How often `compare` tells two equal experiments apart, and how often it finds a difference of 5 points.

    python -m tests.benchmarks.comparison [--pairs 200] [--only NAME …]

Every pair is trained anew, with other seeds, and compared as `fnnctl compare` does. `equal` pairs have one
config and two seeds: at most 5 % may be "better" or "worse". The log loss of one test part is an exception
that shows what such a test means: two networks of one config do differ in it. In `apart` pairs the second
network does not see one of two columns. The data are two normal classes, for which the best accuracies are
90 % and 85 %: at least 80 % must be found.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from fnnctl.commands.cross_validate import cross_validate
from fnnctl.commands.train import train
from fnnctl.config.reading.overrides import OptionValue, Override
from fnnctl.context import Context
from fnnctl.report.comparison.comparison import compare_runs
from fnnctl.report.comparison.pairs import Pair
from fnnctl.report.figures import drawing

MEANS: Final = (1.0364, 0.7540)
"""Half the distance of the classes in each column, in deviations: Φ(1.0364) = 0.85, and with both 0.90."""
MADE: Final = """
recipe: classic
data: {{source: {file}, target: y, split: {{validation: 0, test: 0.5}}}}
model: {{hidden: [4], activation: tanh}}
training: {{epochs: 15, batch_size: 50, optimizer: {{learning_rate: 0.02}}, early_stopping: null}}
evaluation: {{cross_validation: {{folds: 5, repeats: 5}}}}
"""
BUILTIN: Final = """
recipe: classic
data: {{source: {file}, split: {{validation: 0, test: 0.3}}}}
model: {{hidden: [10]}}
training: {{epochs: 20, batch_size: 32, optimizer: {{learning_rate: 0.01}}, early_stopping: null}}
evaluation: {{cross_validation: {{folds: 5, repeats: 5}}}}
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Pairs of runs of one kind."""

    name: str
    source: str
    """A built-in data set, or `made`."""
    kind: Literal["train", "folds"]
    same_split: bool
    apart: bool = False
    metric: str | None = None
    rows: int = 2000
    """Of made data; half of them are tested."""


SCENARIOS: Final = (
    Scenario("equal, one split", "breast_cancer", "train", same_split=True),
    Scenario("equal, two splits", "breast_cancer", "train", same_split=False),
    Scenario("equal, one split, log loss", "wine", "train", same_split=True, metric="log_loss"),
    Scenario("equal, made, one split", "made", "train", same_split=True),
    Scenario("equal, made, F1", "made", "train", same_split=True, metric="f1_macro"),
    Scenario("equal, made, AUC", "made", "train", same_split=True, metric="roc_auc_macro"),
    Scenario("equal, same folds", "wine", "folds", same_split=True),
    Scenario("equal, other folds", "wine", "folds", same_split=False),
    Scenario("apart, one split", "made", "train", same_split=True, apart=True),
    Scenario("apart, two splits", "made", "train", same_split=False, apart=True),
    Scenario("apart, one split, F1", "made", "train", same_split=True, apart=True, metric="f1_macro"),
    Scenario("apart, same folds", "made", "folds", same_split=True, apart=True, rows=1000),
    Scenario("apart, other folds", "made", "folds", same_split=False, apart=True, rows=1000),
)


def write_data(path: Path, rows: int, seed: int) -> None:
    """Two normal classes of equal size in two columns."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=rows)
    columns = (2 * y - 1)[:, None] * np.array(MEANS) + rng.normal(size=(rows, 2))
    lines = (f"{a:.6f},{b:.6f},{'yes' if of else 'no'}" for (a, b), of in zip(columns, y, strict=True))
    path.write_text("a,b,y\n" + "\n".join(lines) + "\n")


def compared_pair(scenario: Scenario, number: int, folder: Path) -> Pair:
    """Train two runs and compare them; `number` gives all seeds."""
    config, source = folder / "x.yaml", scenario.source
    if source == "made":
        write_data(folder / "x.csv", scenario.rows, number)
        config.write_text(MADE.format(file=folder / "x.csv"))
    else:
        config.write_text(BUILTIN.format(file=source))
    runs = []
    for place in (0, 1):
        changes = ["data.columns.ignore=[b]"] if scenario.apart and place else []
        changes.append(f"data.split.seed={number if scenario.same_split else 10_000 * (place + 1) + number}")
        overrides: list[Override] = [*changes, *OptionValue.if_given(seed=2 * number + place)]
        if scenario.kind == "train":
            runs.append(train(config, overrides, Context(folder)))
        else:
            runs.append(cross_validate(config, overrides, Context(folder), workers=1))
    (pair,) = compare_runs(runs, scenario.metric).pairs
    return pair


def compared_pairs(scenario: Scenario, pairs: int) -> Iterator[Pair]:
    """So many pairs, each with seeds of its own."""
    for number in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            yield compared_pair(scenario, number, Path(folder))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line per scenario."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="names of scenarios, or the start of them")
    given = parser.parse_args(arguments)
    drawing._draw = lambda *run, **present: ()
    print(f"{'scenario':30} {'better':>6} {'worse':>6} {'told apart':>10} {'mean difference':>16} {'s':>6}")
    for scenario in SCENARIOS:
        if given.only and not scenario.name.startswith(tuple(given.only)):
            continue
        started = time.monotonic()
        found = list(compared_pairs(scenario, given.pairs))
        better, worse = (sum(pair.verdict == said for pair in found) for said in ("better", "worse"))
        mean = statistics.fmean(pair.test.difference.value for pair in found)
        share = (better + worse) / len(found)
        print(
            f"{scenario.name:30} {better:6} {worse:6} {share:10.1%} {mean:16.4f} "
            f"{time.monotonic() - started:6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
