"""How long a user waits for whole commands, against a process that imports NumPy and matplotlib alone.

    python -m tests.benchmarks.latency [RUNS]

Runs are interleaved, so that ratios mean something on a machine that does other work, too. Prints medians and
ratios.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks.commands import CONFIGS, run_python
from tests.benchmarks.measuring import interleaved

BARE = {name: ["-c", name] for name in ("import numpy, matplotlib.figure", "import typer")}
COMMANDS = {
    "train configs/iris.yaml": ["train", str(CONFIGS / "iris.yaml")],
    "evaluate configs/mlp-baseline.yaml": ["evaluate", str(CONFIGS / "mlp-baseline.yaml")],
    "search configs/wine-grid.yaml": ["search", str(CONFIGS / "wine-grid.yaml")],
    "report": ["report", "first"],
    "runs": ["runs"],
    "--help": ["--help"],
    "--version": ["--version"],
    "train --help": ["train", "--help"],
}


def measure(runs: int, folder: Path) -> dict[str, float]:
    """The median seconds of each command and of the bare imports."""

    def seconds(words: list[str]) -> float:
        return run_python(*words, folder=folder, FNNCTL_RUNS_DIR=str(folder / "runs")).seconds

    program = {name: ["-m", "fnnctl", *words] for name, words in COMMANDS.items()}
    seconds([*program["train configs/iris.yaml"], "--name", "first"])  # what `report` reports
    return interleaved({name: partial(seconds, words) for name, words in {**BARE, **program}.items()}, runs)


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        medians = measure(int(words[0]) if words else 11, Path(folder))
    bare = next(iter(medians.values()))
    print(f"{'':36} {'seconds':>7} {'ratio':>6}")
    for name, seconds in medians.items():
        print(f"{name:36} {seconds:7.3f} {seconds / bare:6.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
