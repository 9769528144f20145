"""How long the program takes to say something: whole processes, against one that imports typer alone.

    python -m tests.benchmarks.startup

Runs are interleaved. Prints medians and ratios.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from tests.benchmarks.measuring import interleaved

RUNS = 31
ROOT = Path(__file__).parents[2]
CONTENDERS = {
    "import typer": ["-c", "import typer"],
    "fnnctl --help": ["-m", "fnnctl", "--help"],
    "fnnctl --version": ["-m", "fnnctl", "--version"],
    "fnnctl train --help": ["-m", "fnnctl", "train", "--help"],
}


def milliseconds(arguments: list[str]) -> float:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=surroundings, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1e3


def main() -> None:
    medians = interleaved(
        {name: partial(milliseconds, arguments) for name, arguments in CONTENDERS.items()}, RUNS
    )
    least = medians["import typer"]
    print(f"{'':20} {'ms':>6} {'ratio':>6}")
    for name, median in medians.items():
        print(f"{name:20} {median:6.1f} {median / least:6.2f}")


if __name__ == "__main__":
    main()
