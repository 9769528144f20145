"""Examples for the help of each command; the tests run them in this order in one folder.

`fnnctl.yaml` is what `fnnctl init` writes, `flowers.csv` a table of the user, and `new.csv` rows of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        "fnnctl init",
        "fnnctl train",
        "fnnctl report",
    ),
    "init": (
        "fnnctl init iris.yaml",
        "fnnctl init flowers.yaml --data flowers.csv --target species",
    ),
    "describe": (
        "fnnctl describe flowers.csv --target species",
        "fnnctl describe penguins --output penguins.md",
    ),
    "check": (
        "fnnctl check fnnctl.yaml flowers.yaml",
        "fnnctl check flowers.yaml --explain",
    ),
    "train": (
        "fnnctl train flowers.yaml --set training.epochs=50 --name longer",
        "cat flowers.yaml | fnnctl train - --name flowers",
        "fnnctl train --resume latest",
    ),
    "evaluate": (
        "fnnctl evaluate flowers.yaml --folds 5 --repeats 2 --name folds",
        "fnnctl evaluate flowers --data new.csv",
    ),
    "plan": (
        "fnnctl plan --method hyperband",
        "fnnctl plan --method asha --max-trials 100 --simulate-workers 8",
    ),
    "search": (
        "fnnctl search --method random --max-trials 3",
        "fnnctl search --resume latest --max-trials 6",
    ),
    "predict": (
        "fnnctl predict new.csv",
        "fnnctl predict flowers new.csv --keep all --digits 3 --output predictions.csv",
        "cat new.csv | fnnctl predict flowers -",
    ),
    "report": (
        "fnnctl report",
        "fnnctl report flowers --fail-under accuracy=0.5 --fail-under f1_macro=0.4",
        "fnnctl report longer --not-worse-than flowers --metric log_loss",
        "fnnctl report flowers --output report.md",
    ),
    "compare": (
        "fnnctl compare longer flowers",
        "fnnctl compare longer flowers --metric f1_macro --output comparison.md",
    ),
    "runs": (
        "fnnctl runs --sort -accuracy --limit 5",
        "fnnctl runs --where 'metrics.test.accuracy>0.5' --where kind=train",
        "fnnctl runs --columns run,accuracy,validation.loss,config.training.l2",
    ),
    "runs prune": (
        "fnnctl runs prune --status failed --status died",
        "fnnctl runs prune --where 'accuracy<0.5' --older-than 30d --keep 3",
        "fnnctl runs prune --older-than 8w --yes",
    ),
    "datasets": (
        "fnnctl datasets",
        "fnnctl train --set data.source=wine --set data.target=null --set training.epochs=20",
    ),
    "schema": ("fnnctl schema > fnnctl.schema.json",),
    "help": (
        "fnnctl help train",
        "fnnctl help runs prune",
    ),
}
"""Lines for a shell, by command; `""` is the program itself."""

PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "Get started": ("init", "describe", "check"),
    "Train and search": ("train", "evaluate", "plan", "search"),
    "Use and compare runs": ("predict", "report", "compare", "runs"),
    "Reference": ("datasets", "schema", "help"),
}
"""The commands by the headings of the help, in the order in which they are used."""
