"""What subnormal numbers cost: whole trainings as they are, and with the processor's flushing.

python -m tests.benchmarks.subnormals [ROWS] [ROUNDS] [OTHER_CHECKOUT]

A library that is preloaded sets the processor to read and write subnormal numbers as zero, which NumPy
itself cannot. A program that computes with hardly any is no slower without it. Some processors (AMD's since
Zen) take hardly longer for a subnormal number, so the ratio says little there. Needs gcc and Linux.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import interleaved

FLUSHING = """\
#include <xmmintrin.h>
__attribute__((constructor)) static void flush_subnormals(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
"""
"""The bits are FTZ and DAZ of the register MXCSR."""
COLUMNS = 12
RECIPES = ("default", "fast", "classic")
CHECKOUT = Path(__file__).parents[2]


def write_table(path: Path, rows: int) -> None:
    """Three classes of a smooth function of some of the columns, with noise."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, COLUMNS))
    score = (
        X @ rng.normal(size=COLUMNS) + 2.0 * np.sin(3.0 * X[:, 0]) + X[:, 1] * X[:, 2] + rng.normal(size=rows)
    )
    labels = np.digitize(score, np.quantile(score, [0.4, 0.8]))
    lines = [
        ",".join([*(f"{value:.5f}" for value in row), f"c{label}"])
        for row, label in zip(X, labels, strict=True)
    ]
    header = ",".join([*(f"x{column}" for column in range(COLUMNS)), "y"])
    path.write_text("\n".join([header, *lines]) + "\n")


def compiled(folder: Path) -> Path:
    """The library that sets the processor's flags."""
    source, library = folder / "flushing.c", folder / "flushing.so"
    source.write_text(FLUSHING)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
    return library


def processor_seconds(
    checkout: Path, folder: Path, preloaded: Path | None, *arguments: str
) -> Callable[[], float]:
    """What a command takes in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
    if preloaded:
        environment["LD_PRELOAD"] = str(preloaded)

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "fnnctl", *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime

    return measure


def main() -> None:
    rows, rounds = (int(value) for value in (*sys.argv[1:3], *("10000", "3")[len(sys.argv[1:3]) :]))
    checkouts = [CHECKOUT, *map(Path, sys.argv[3:4])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "table.csv", rows)
        (folder / "fnnctl.yaml").write_text("data: {source: table.csv, target: y}\n")
        library = compiled(folder)
        print(f"{rows:,} rows of {COLUMNS} columns; processor seconds, medians of {rounds}")
        for recipe in RECIPES:
            train = ("train", "--set", f"recipe={recipe}", "--quiet", "--no-figures")
            contenders = {
                (checkout, preloaded): processor_seconds(checkout, folder, preloaded, *train)
                for checkout in checkouts
                for preloaded in (None, library)
            }
            seconds = interleaved(contenders, rounds)
            for checkout in checkouts:
                plain, flushed = seconds[checkout, None], seconds[checkout, library]
                print(
                    f"{recipe:8} {checkout}: {plain:6.2f}; flushed {flushed:.2f}, ratio {plain / flushed:.2f}"
                )


if __name__ == "__main__":
    main()
