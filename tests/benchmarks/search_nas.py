"""Neural architecture search on digits beside evolution and random search, at equal epochs.

    python -m tests.benchmarks.search_nas [--seeds N] [--methods nas evolution random]

The search of configs/digits-nas.yaml: 320 architectures of 3 epochs, and updates of the controller after
every 8 results. The seed changes the controller, the weights and the division of the rows. Rewards are
accuracies on validation rows, by the trials' numbers; the test accuracy is that of the best architecture,
trained again on training and validation rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

CONFIG = Path(__file__).parent.parent.parent / "configs" / "digits-nas.yaml"
METHODS = ("nas", "evolution", "random")
FIFTH = 5
MAX_LOSS = 0.005
"""How much worse the controller's test accuracy may be than that of random search."""


@dataclass(frozen=True)
class Searched:
    """One search."""

    rewards: tuple[float, ...]
    """The mean objective of each fifth of the trials, in the order in which they began."""
    validation: float
    """The best trial's objective."""
    test: float
    """Its accuracy on the test part after the refit."""
    seconds: float

    @property
    def rises(self) -> bool:
        return self.rewards[-1] > self.rewards[0]


def search(method: str, seed: int, folder: Path) -> Searched:
    """Search with the command line, and read the run folder."""
    start = time.perf_counter()
    words = ["search", str(CONFIG), "--method", method, "--seed", str(seed), "--quiet", "--no-figures"]
    command = [sys.executable, "-m", "fnnctl", *words, "--runs-dir", str(folder)]
    run = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    seconds = time.perf_counter() - start
    lines = (run / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    results = [record for record in map(json.loads, lines) if record["record"] == "result"]
    results.sort(key=lambda result: int(result["trial"]))
    objectives = [result["objective"] for result in results if result["objective"] is not None]
    best = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["search"]["best"]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    fifths = tuple(float(part.mean()) for part in np.array_split(np.array(objectives), FIFTH))
    return Searched(fifths, best["objective"], metrics["test"]["accuracy"], seconds)


def show(outcomes: dict[str, Sequence[Searched]]) -> None:
    """Print a row per method with the means over the seeds, and the conditions."""
    print(f"\n{'':<10}  mean reward of each fifth of the trials       rises  validation    test  seconds")
    for method, searches in outcomes.items():
        fifths = "  ".join(
            f"{statistics.fmean(part):.4f}" for part in zip(*(s.rewards for s in searches), strict=True)
        )
        rises = f"{sum(search.rises for search in searches)}/{len(searches)}"
        validation = statistics.fmean(search.validation for search in searches)
        test = statistics.fmean(search.test for search in searches)
        seconds = statistics.fmean(search.seconds for search in searches)
        print(f"{method:<10}  {fifths}  {rises:>7}      {validation:.4f}  {test:.4f}  {seconds:7.0f}")
    for method in ("evolution", "random"):
        if {"nas", method} <= outcomes.keys():
            pairs = zip(outcomes["nas"], outcomes[method], strict=True)
            gains = [one.test - other.test for one, other in pairs]
            by_seed = ", ".join(f"{gain:+.4f}" for gain in gains)
            print(f"nas − {method}, test: {statistics.fmean(gains):+.4f}; by seed {by_seed}")


def missed(outcomes: dict[str, Sequence[Searched]]) -> list[str]:
    """What the controller should have shown and has not."""
    wrong = []
    if not all(search.rises for search in outcomes.get("nas", ())):
        wrong.append("the reward does not rise with every seed")
    if {"nas", "random"} <= outcomes.keys():
        nas, random = (
            statistics.fmean(search.test for search in outcomes[method]) for method in ("nas", "random")
        )
        if nas < random - MAX_LOSS:
            wrong.append(f"the test accuracy is {random - nas:.4f} below that of random search")
    return wrong


def main() -> int:
    """Run all searches; return 1 if the controller misses a condition."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    options = parser.parse_args()
    outcomes: dict[str, Sequence[Searched]] = {}
    for method in options.methods:
        searches: list[Searched] = []
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                searches.append(search(method, seed, Path(folder)))
            fifths = " ".join(f"{reward:.4f}" for reward in searches[-1].rewards)
            print(f"{method} seed {seed}: {fifths}, test {searches[-1].test:.4f}", flush=True)
        outcomes[method] = searches
    show(outcomes)
    for text in (wrong := missed(outcomes)):
        print(f"missed: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
