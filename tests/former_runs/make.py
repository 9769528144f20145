"""Makes run folders with the version of fnnctl that Python finds, into a new folder:
`PYTHONPATH=CHECKOUT python tests/former_runs/make.py FOLDER`, in a checkout of a former commit.

It uses only what every version has. Paths are replaced by `ORIGIN`, because they differ between machines.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fnnctl.cli import run

ORIGIN = "/former"
NEUTRAL = {platform.platform(): platform.system(), f'"{platform.node()}:': '"host:'}
"""What stands for names of this machine."""
ROWS = 90
# Narrow layers and few members keep the files small. Before 0.3 a set layer left the recipe's other groups
# alone, and a set number of epochs or members made the whole group classic.
DEFAULT = """\
recipe: default
data: {source: table.csv, target: kind, columns: {ignore: [price]}}
model: {hidden: [4]}
"""
FEW = DEFAULT.replace("[4]", "[4], ensemble: 2")
CONFIGS = {
    "default": DEFAULT,
    "settings": FEW + "training: {epochs: 6}\n",
    "regression": DEFAULT.replace("kind", "price").replace("[price]", "[kind]"),
    "classic": DEFAULT.replace("default", "classic") + "training: {epochs: 9}\n",
    # Test parts of 23 and of 22 rows: folds of two sizes, and so two stacks.
    "folds": DEFAULT + "training: {epochs: 6}\nevaluation: {cross_validation: {folds: 4, repeats: 1}}\n",
    "search": FEW
    + """\
search:
  method: halving
  trials: 4
  budget: {min_epochs: 1, max_epochs: 4, reduction_factor: 2}
  space: {training.l2: {log_uniform: [1e-5, 1e-2]}}
""",
}
UNUSED = {".lock", "pr_curve.csv", "roc_curve.csv", "threshold.csv"}
"""Files that only figures are drawn from, and locks."""
COMMANDS = {"folds": "evaluate", "search": "search"}
KEEP_ALL = {"SECONDS_BETWEEN_CHECKPOINTS": 0.0, "LARGEST_SHARE": 1e9, "MAX_SHARE": 1e9}
"""Constants with which each epoch leaves a checkpoint; a version has two of them."""
INTERRUPTED = {"default": "store.run.OpenRun.write_checkpoint", "folds": "store.run.OpenRun.write_fold_file"}
INTERRUPTED["search"] = "store.journal.JournalFile.append"
"""The method of fnnctl during whose third call a signal arrives, in a second run of the config."""


def write_table(file: Path) -> None:
    """A number and a category, and a class and a number that depend on them."""
    chance = random.Random(1)
    lines = ["weight,colour,kind,price"]
    for _ in range(ROWS):
        weight, colour = chance.gauss(3, 1), chance.choice(["red", "green", "blue"])
        size = weight + (colour == "red") + chance.gauss(0, 0.4)
        lines.append(f"{weight:.2f},{colour},{'large' if size > 3.3 else 'small'},{2.5 * size:.1f}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def signal_in_call(method: str, number: int) -> Iterator[None]:
    """Let a signal arrive during the call of this number."""
    module, kind, name = f"fnnctl.{method}".rsplit(".", 2)
    original = getattr(getattr(sys.modules[module], kind), name)
    calls = 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        result = original(*arguments, **named)
        if calls == number:
            signal.raise_signal(signal.SIGTERM)
        return result

    with patch(f"fnnctl.{method}", call):
        yield


def make(name: str, folder: Path, *, interrupted: bool) -> None:
    """Run a config in the working directory, and move its run into the folder, without figures."""
    Path(f"{name}.yaml").write_text(CONFIGS[name], encoding="utf-8")
    figures = [] if name == "folds" else ["--no-figures"]
    words = [COMMANDS.get(name, "train"), f"{name}.yaml", "--quiet", "--runs-dir", "new", *figures]
    with ExitStack() as stack:
        stack.enter_context(patch("sys.argv", ["fnnctl", *words]))
        if interrupted:
            calls = 1 if name == "folds" else 3
            for constant, value in KEEP_ALL.items():
                stack.enter_context(patch(f"fnnctl.runs.checkpointing.{constant}", value, create=True))
            stack.enter_context(signal_in_call(INTERRUPTED[name], calls))
        code = run(words)
    if code != (143 if interrupted else 0):
        raise SystemExit(f"{name}: exit code {code}")
    (made,) = Path("new").iterdir()
    made.rename(folder / f"{name}-interrupted" if interrupted else folder / name)


def main() -> None:
    """Make all runs."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir()
    os.chdir(folder)
    write_table(Path("table.csv"))
    for name in CONFIGS:
        make(name, folder, interrupted=False)
        if name in INTERRUPTED:
            make(name, folder, interrupted=True)
        Path(f"{name}.yaml").unlink()
    shutil.rmtree("new")
    for file in folder.rglob("*"):
        if file.suffix in {".png", ".html"} or file.name in UNUSED:
            file.unlink()
        elif file.suffix in {".json", ".yaml", ".jsonl", ".txt"}:
            text = file.read_text(encoding="utf-8")
            for local, neutral in NEUTRAL.items():
                text = text.replace(local, neutral)
            file.write_text(text.replace(str(folder), ORIGIN), encoding="utf-8")


if __name__ == "__main__":
    main()
