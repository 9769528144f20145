"""How long lists of many runs take, and how much memory: whole processes, after a first one that may index.

    python -m tests.benchmarks.run_list [RUNS]

The runs are copies of the JSON and YAML files of one training run, with their own names, seeds and scores.
Prints seconds, processor seconds and peak memory of the first process and of the fastest of three later ones.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fnnctl.store.names import MANIFEST, METRICS, RESOLVED
from tests.benchmarks.commands import CONFIGS, fnnctl

REPEATS = 3
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
    training = ["train", str(CONFIGS / "iris.yaml"), "--no-figures", "--quiet"]
    fnnctl(*training, "--runs-dir", str(folder / "first"))
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


def main(words: list[str]) -> None:
    count = int(words[0]) if words else 10_000
    with tempfile.TemporaryDirectory() as folder:
        runs = make_runs(count, Path(folder))
        print(f"{'':30}" + f" {'s':>8} {'CPU s':>8} {'MB':>5}" * 2)
        for name, arguments in COMMANDS.items():
            extra = {} if arguments else COMPLETION
            options: dict[str, Any] = {"folder": runs.parent, "FNNCTL_RUNS_DIR": str(runs), **extra}
            first, *later = (fnnctl(*arguments, **options) for _ in range(1 + REPEATS))
            cells = (
                f" {ended.seconds:8.2f} {ended.processor_seconds:8.2f} {ended.megabytes:5.0f}"
                for ended in (first, min(later))
            )
            print(f"{name:30}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
