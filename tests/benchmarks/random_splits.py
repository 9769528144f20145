"""How often does a random test part look unlike the training rows? By chance at most once in 200 splits.

    python -m tests.benchmarks.random_splits FOLDER [--only ames,glass] [--splits 10] [--no-bags]

Trains on each CSV file of FOLDER, whose target is the column y, with one split after another. Prints a
line per table: the number of splits, and how often `train` warned. The networks are few and small.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fnnctl
from fnnctl.messages import Message
from fnnctl.runs.unlike_rows import unlike_rows_warnings
from tests.benchmarks.recipe.tables import TARGET, find_tables, name_of

QUICK = {"data.target": TARGET, "model.hidden": [32], "training.epochs": 15}
BAGS = {**QUICK, "model.ensemble": {"members": 4, "bags": True}}
VALIDATED = {**QUICK, "recipe": "classic", "data.split.validation": 0.25, "training.early_stopping": None}
"""Here the test part is compared with validation rows that chose nothing."""


def warned(table: Path, settings: dict[str, Any], seed: int) -> bool:
    """Whether the training on a random split warned."""
    recorded: list[Message] = []

    def record(*arguments: Any, **options: Any) -> list[Message]:
        recorded.extend(unlike_rows_warnings(*arguments, **options))
        return recorded

    with patch("fnnctl.runs.training.unlike_rows_warnings", record), warnings.catch_warnings():
        warnings.simplefilter("ignore", fnnctl.FnnctlWarning)
        fnnctl.train(data=table, settings={**settings, "data.split.seed": seed})
    return bool(recorded)


def main() -> None:
    """Print the line of each table, and of all together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--no-bags", action="store_true")
    options = parser.parse_args()
    settings, total, splits = (VALIDATED if options.no_bags else BAGS), 0, 0
    for table in find_tables(options.folder, [name for name in options.only.split(",") if name]):
        count = sum(warned(table, settings, seed) for seed in range(options.splits))
        total, splits = total + count, splits + options.splits
        print(f"{name_of(table):20} {options.splits:4} splits, {count} warned", flush=True)
    print(f"{'all':20} {splits:4} splits, {total} warned")


if __name__ == "__main__":
    main()
