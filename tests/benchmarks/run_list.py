"""How long lists of many runs take, and how much memory: whole processes, after a first one that may index.

    python -m tests.benchmarks.run_list [RUNS]

The runs are copies of the JSON and YAML files of one training run, with their own names, seeds and scores.
Prints seconds, processor seconds and peak memory of the first process and of the fastest of three later ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fnnctl.store.names import MANIFEST, METRICS, RESOLVED

ROOT = Path(__file__).parents[2]
REPEATS = 3
FNNCTL = ["-m", "fnnctl"]
COMPLETION = {"_FNNCTL_COMPLETE": "complete_bash", "COMP_WORDS": "fnnctl report 2026", "COMP_CWORD": "2"}
COMMANDS = {
    "runs": ["runs"],
    "runs --limit 10": ["runs", "--limit", "10"],
    "runs --sort -accuracy": ["runs", "--sort", "-accuracy"],
    "runs --where 'accuracy>0.9'": ["runs", "--where", "accuracy>0.9"],
    "runs --where 'config.seed<100'": ["runs", "--where", "config.seed<100"],
    "runs --json": ["runs", "--json"],
    "completion of a run": [],
}


def make_runs(count: int, folder: Path) -> Path:
    """A folder of `count` runs; returns it."""
    training = ["train", str(ROOT / "configs" / "iris.yaml"), "--no-figures", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *FNNCTL, *training, "--runs-dir", str(folder / "first")]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    (run,) = (folder / "first").iterdir()
    manifest, metrics = (json.loads((run / name).read_text()) for name in (MANIFEST, METRICS))
    resolved = (run / RESOLVED).read_text()
    for seed in range(count):
        time_text = f"{seed // 3600 % 24:02}-{seed // 60 % 60:02}-{seed % 60:02}"
        copy = folder / "runs" / f"2026-01-01T{time_text}Z-iris-{seed:06x}"
        copy.mkdir(parents=True)
        own = {**manifest, "seed": seed, "started": f"2026-01-01T{time_text.replace('-', ':')}.{seed:06}Z"}
        metrics["test"]["accuracy"] = seed / count
        (copy / MANIFEST).write_text(json.dumps(own, indent=2))
        (copy / METRICS).write_text(json.dumps(metrics, indent=2))
        (copy / RESOLVED).write_text(resolved.replace(f"seed: {manifest['seed']}", f"seed: {seed}"))
    return folder / "runs"


def measured(arguments: list[str], runs: Path, extra: dict[str, str]) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of one process.

    Raises `CalledProcessError` if it fails.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FNNCTL_RUNS_DIR": str(runs), **extra}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *FNNCTL, *arguments], env=environment, cwd=runs.parent, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        runs = make_runs(count, Path(folder))
        print(f"{'':30}" + f" {'s':>8} {'CPU s':>8} {'MB':>5}" * 2)
        for name, arguments in COMMANDS.items():
            extra = {} if arguments else COMPLETION
            first = measured(arguments, runs, extra)
            later = min(measured(arguments, runs, extra) for _ in range(REPEATS))
            cells = (f" {each[0]:8.2f} {each[1]:8.2f} {each[2]:5.0f}" for each in (first, later))
            print(f"{name:30}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
