"""How long a user waits for whole commands, against a process that imports NumPy and matplotlib alone.

    python -m tests.benchmarks.latency [RUNS]

Runs are interleaved, so that ratios mean something on a machine that does other work, too. Prints medians,
and the medians of the ratios. The environment's limits of the BLAS and of Python's cache of compiled modules
are lifted: both would make every process slower than a user's.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
LIFTED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
BARE = "import numpy, matplotlib.figure"
COMMANDS = {
    "train configs/iris.yaml": ["train", str(CONFIGS / "iris.yaml")],
    "evaluate configs/mlp-baseline.yaml": ["evaluate", str(CONFIGS / "mlp-baseline.yaml")],
    "search configs/wine-grid.yaml": ["search", str(CONFIGS / "wine-grid.yaml")],
    "report": ["report", "first"],
    "runs": ["runs"],
    "--help": ["--help"],
}


def seconds(arguments: list[str], folder: Path) -> float:
    """The time of one process; raises `CalledProcessError` if it fails."""
    surroundings = {name: value for name, value in os.environ.items() if name not in LIFTED}
    surroundings |= {"PYTHONPATH": str(ROOT), "FNNCTL_RUNS_DIR": str(folder / "runs")}
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=surroundings, capture_output=True, check=True
    )
    return time.perf_counter() - begun


def measure(runs: int, folder: Path) -> dict[str, list[float]]:
    """The seconds of each command and of the bare imports, run by run."""
    program = {name: ["-m", "fnnctl", *arguments] for name, arguments in COMMANDS.items()}
    seconds([*program["train configs/iris.yaml"], "--name", "first"], folder)  # also compiles the modules
    contenders = {BARE: ["-c", BARE], **program}
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, arguments in contenders.items():
            found[name].append(seconds(arguments, folder))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 11, Path(folder))
    print(f"{'':36} {'seconds':>7} {'ratio':>6}")
    for name, times in found.items():
        ratios = [own / bare for own, bare in zip(times, found[BARE], strict=True)]
        print(f"{name:36} {statistics.median(times):7.3f} {statistics.median(ratios):6.2f}")


if __name__ == "__main__":
    main()
