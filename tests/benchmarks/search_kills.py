"""Searches that are killed at random instants and resumed: do they end as one without a pause?

    python -m tests.benchmarks.search_kills [HOW_MANY]

Every kill is a SIGKILL. After each, the search is gone on with, and now and then killed again, until it is
complete. Every second one trains in worker processes. Prints how far each was when it was killed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnnctl.store.journal import read_journal
from tests.benchmarks.kills import killed_after, only_run

CONFIG = """\
name: killed
recipe: classic
data: {source: wine}
model: {hidden: [8], dropout: 0.1, normalization: batch}
training:
  batch_size: 16
  mixup: 0.2
  lr_schedule: {name: adaptive, patience: 2}
  averaging: ema
  early_stopping: {monitor: validation_loss, patience: 4}
search:
  method: hyperband
  objective: {metric: log_loss}
  budget: {min_epochs: 1, max_epochs: MAX_EPOCHS, reduction_factor: 3}
  space:
    training.optimizer.learning_rate: {log_uniform: [1e-3, 1e-1]}
    model.hidden: {depth: [1, 2], width: [8, 16]}
"""
COMPARED = ("leaderboard.csv", "metrics.json", "best/model.npz", "best/resolved.yaml")
KINDS = (("--executor", "serial"), ("--executor", "processes", "--workers", "2"))
AGAIN = 0.4
"""How often a resumed search is killed once more."""


def command(*arguments: str) -> list[str]:
    """The program's command line, quietly; figures would take most of the kills."""
    return [sys.executable, "-m", "fnnctl", "search", "--quiet", "--no-figures", *arguments]


def decisions(run: Path) -> list[Mapping[str, Any]]:
    """The trials and results in the order of the journal, without resumes and ends."""
    return [
        each for each in read_journal(run / "journal.jsonl") or [] if each["record"] in {"trial", "result"}
    ]


def differing(run: Path, undisturbed: Path) -> list[str]:
    """What is not as in the undisturbed search."""
    files = [
        name
        for name in COMPARED
        if not (run / name).is_file() or (run / name).read_bytes() != (undisturbed / name).read_bytes()
    ]
    return files if decisions(run) == decisions(undisturbed) else ["decisions", *files]


def _state(run: Path) -> str:
    """How far a killed search is: in its rungs, in the refit, or after it."""
    results = Counter(
        each["budget"] for each in read_journal(run / "journal.jsonl") or [] if each["record"] == "result"
    )
    done = " ".join(f"{count}@{budget}" for budget, count in sorted(results.items())) or "nothing"
    refit = " and a refit" if (run / "best").exists() else ""
    return done + refit


def _killed(instant: float, program: Sequence[str], runs: Path) -> Path | None:
    """The run that a kill at this instant leaves; None where there is none yet, or it had ended."""
    return only_run(runs) if killed_after(instant, program) else None


def run_kills(how_many: int, *, max_epochs: int = 27, seed: int = 0) -> int:
    """Kill so many times, and return how many searches ended in anything else than the undisturbed."""
    rng = random.Random(seed)
    wrong = kills = searches = 0
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "killed.yaml"
        config.write_text(CONFIG.replace("MAX_EPOCHS", str(max_epochs)), encoding="utf-8")
        begun = time.monotonic()
        undisturbed_runs = Path(folder) / "undisturbed"
        program = command(str(config), "--runs-dir", str(undisturbed_runs), *KINDS[0])
        subprocess.run(program, check=True, capture_output=True)
        seconds = time.monotonic() - begun
        undisturbed = only_run(undisturbed_runs)
        if undisturbed is None:
            raise RuntimeError("the undisturbed search left no run")
        print(f"undisturbed: {seconds:.1f} s, {_state(undisturbed)}")
        while kills < how_many:
            runs = Path(tempfile.mkdtemp(dir=folder))
            kind = KINDS[searches % len(KINDS)]
            run = _killed(
                rng.uniform(0.0, seconds), command(str(config), "--runs-dir", str(runs), *kind), runs
            )
            if run is None:  # nothing is lost, and nothing can be resumed
                continue
            kills, searches = kills + 1, searches + 1
            states = [_state(run)]
            resume = command("--resume", str(run), *kind)
            while rng.random() < AGAIN and kills < how_many:
                if not killed_after(rng.uniform(0.0, seconds), resume):
                    break
                kills += 1
                states.append(_state(run))
            ended = subprocess.run(resume, check=False, capture_output=True, text=True)
            different = differing(run, undisturbed) if ended.returncode == 0 else [ended.stderr.strip()]
            wrong += bool(different)
            print(f"{kills:3}  {kind[1]:9}  {' | '.join(states)}: {different or 'equal'}", flush=True)
    print(f"{kills} kills of {searches} searches: {wrong} ended otherwise than the undisturbed one")
    return wrong


if __name__ == "__main__":
    sys.exit(run_kills(int(sys.argv[1]) if len(sys.argv) > 1 else 100) > 0)
