"""How long the program takes to say something: whole processes, against one that imports typer alone.

    python -m tests.benchmarks.startup

Runs are interleaved. Prints medians and ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

RUNS = 31
ROOT = Path(__file__).parents[2]
CONTENDERS = {
    "import typer": ["-c", "import typer"],
    "fnnctl --help": ["-m", "fnnctl", "--help"],
    "fnnctl --version": ["-m", "fnnctl", "--version"],
    "fnnctl train --help": ["-m", "fnnctl", "train", "--help"],
}


def milliseconds(arguments: Sequence[str]) -> float:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=surroundings, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1e3


def main() -> None:
    rounds = [[milliseconds(arguments) for arguments in CONTENDERS.values()] for _ in range(RUNS + 1)][1:]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    print(f"{'':20} {'ms':>6} {'ratio':>6}")
    for name, median in zip(CONTENDERS, medians, strict=True):
        print(f"{name:20} {median:6.1f} {median / medians[0]:6.2f}")


if __name__ == "__main__":
    main()
