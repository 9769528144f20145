"""The journal of a small search, cut at each of its bytes: does every one go on to the same end?

    python -m tests.benchmarks.search_cuts [EVERY]

With EVERY = 7 only every seventh byte is cut at. Damage is tried, too: at each of these bytes a bit is
flipped, which must be refused, and leave the file as it is.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from fnnctl.cli import run as fnnctl
from tests.benchmarks.kills import only_run
from tests.benchmarks.search_kills import decisions, differing

CONFIG = """\
recipe: classic
data: {source: iris}
model: {hidden: [4]}
training: {batch_size: 32, early_stopping: null}
search:
  method: halving
  trials: 4
  budget: {min_epochs: 1, max_epochs: 2, reduction_factor: 2}
  space: {training.optimizer.learning_rate: {log_uniform: [1e-3, 1e-1]}}
"""


def resume(run: Path) -> int:
    """Go on with the search in this process, draw nothing, and return the exit code."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        return fnnctl(["search", "--resume", str(run), "--quiet", "--no-figures", "--executor", "serial"])


def run_cuts(every: int, *, seed: int = 0) -> int:
    """Cut, flip and resume; return how many times it ended otherwise."""
    rng = random.Random(seed)
    wrong = cuts = flips = 0
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "cut.yaml"
        config.write_text(CONFIG, encoding="utf-8")
        runs = Path(folder) / "runs"
        if fnnctl(["search", str(config), "--quiet", "--runs-dir", str(runs), "--executor", "serial"]):
            raise RuntimeError("the undisturbed search failed")
        undisturbed = only_run(runs)
        if undisturbed is None:
            raise RuntimeError("the undisturbed search left no run")
        content = (undisturbed / "journal.jsonl").read_bytes()
        header = content.index(b"\n") + 1
        manifest = json.loads((undisturbed / "manifest.json").read_text(encoding="utf-8"))
        print(f"{len(content)} bytes, {len(decisions(undisturbed))} decisions")
        for at in range(header, len(content), every):
            run = Path(folder) / "cut"
            shutil.copytree(undisturbed, run)
            (run / "leaderboard.csv").unlink()
            (run / "manifest.json").write_text(
                json.dumps({**manifest, "status": "running"}), encoding="utf-8"
            )
            broken = bytearray(content)
            broken[at] ^= 1 << rng.randrange(8)
            if content[at] != ord("\n") or at < len(content) - 1:  # the very last is a torn tail, not damage
                flips += 1
                (run / "journal.jsonl").write_bytes(broken)
                code = resume(run)
                if code != 2 or (run / "journal.jsonl").read_bytes() != broken:
                    wrong += 1
                    print(f"a bit of byte {at} flipped: exit code {code}", flush=True)
            cuts += 1
            (run / "journal.jsonl").write_bytes(content[:at])
            code = resume(run)
            if code or (different := differing(run, undisturbed)):
                wrong += 1
                print(f"cut at {at}: {code or different}", flush=True)
            shutil.rmtree(run)
    print(f"{cuts} cuts and {flips} flipped bits: {wrong} ended otherwise")
    return wrong


if __name__ == "__main__":
    sys.exit(run_cuts(int(sys.argv[1]) if len(sys.argv) > 1 else 1) > 0)
