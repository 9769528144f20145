"""Trainings that are killed at random instants and resumed: do they end in the bits of one without a pause?

    python -m tests.benchmarks.kills [HOW_MANY]

Every second one is killed again while it is resumed. Prints each kill's instant, and where training went on.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CONFIG = """\
name: killed
recipe: classic
data: {source: digits}
model: {hidden: [100, 100, 100], dropout: 0.1, normalization: batch}
training:
  epochs: 120
  batch_size: 20
  mixup: 0.2
  lr_schedule: {name: adaptive, patience: 3}
  averaging: ema
  early_stopping: {monitor: validation_accuracy, patience: 100}
"""
COMPARED = ("model.npz", "history.csv", "metrics.json", "predictions.csv")


def command(*arguments: str) -> list[str]:
    """The program's command line, quietly; figures would take most of the kills."""
    return [sys.executable, "-m", "fnnctl", "train", "--quiet", "--no-figures", *arguments]


def killed_after(seconds: float, program: Sequence[str]) -> bool:
    """Start the program and kill it; False where it had ended by then."""
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def only_run(runs: Path) -> Path | None:
    """The one run of a folder, if the kill came late enough for one."""
    paths = [path for path in runs.glob("*") if not path.name.startswith(".")]
    return paths[0] if paths else None


def differing(run: Path, undisturbed: Path) -> list[str]:
    """The files that are not those of the undisturbed run, byte for byte."""
    return [
        name
        for name in COMPARED
        if not (run / name).is_file() or (run / name).read_bytes() != (undisturbed / name).read_bytes()
    ]


def run_kills(how_many: int, *, epochs: int = 120, seed: int = 0) -> int:
    """Kill so many trainings that had begun, resume each, and return how many ended in other bits."""
    rng = random.Random(seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "killed.yaml"
        config.write_text(CONFIG.replace("epochs: 120", f"epochs: {epochs}"), encoding="utf-8")
        begun = time.monotonic()
        subprocess.run(
            command(str(config), "--runs-dir", f"{folder}/undisturbed"), check=True, capture_output=True
        )
        seconds = time.monotonic() - begun
        undisturbed = only_run(Path(folder) / "undisturbed")
        if undisturbed is None:
            raise RuntimeError("the undisturbed training left no run")
        print(f"undisturbed: {seconds:.1f} s")
        kill = 0
        while kill < how_many:
            runs = Path(tempfile.mkdtemp(dir=folder))
            instant = rng.uniform(0.0, seconds)
            killed = killed_after(instant, command(str(config), "--runs-dir", str(runs)))
            run = only_run(runs)
            if run is None:  # killed before there was a run: nothing is lost, and nothing can be resumed
                print(f"     killed after {instant:5.2f} s, before there was a run: once more")
                continue
            if not killed:
                print("     had ended before it was killed: once more")
                continue
            kill += 1
            resume = ("--resume", str(run))
            if kill % 2:
                killed_after(rng.uniform(0.0, seconds), command(*resume))
            subprocess.run(command(*resume), check=True, capture_output=True)
            log = (run / "log.txt").read_text(encoding="utf-8")
            went_on = re.findall(r"resumed from (.*)", log)
            different = differing(run, undisturbed)
            wrong += bool(different)
            print(
                f"{kill:3}  killed after {instant:5.2f} s, went on from "
                f"{', '.join(went_on) or 'nowhere'}: {different or 'equal'}",
                flush=True,
            )
    print(f"{wrong} of {how_many} that were killed and resumed ended in other bits")
    return wrong


if __name__ == "__main__":
    sys.exit(run_kills(int(sys.argv[1]) if len(sys.argv) > 1 else 50) > 0)
