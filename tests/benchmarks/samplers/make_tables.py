"""Makes the tables that `tests.benchmarks.samplers.tables` looks up, from fnnctl's own searches of a grid.

    python -m tests.benchmarks.samplers.make_tables DATA [--output FOLDER] [--names NAME …] [--epochs 25]

DATA is a folder of CSV files with the target in the column y. Each table is a grid over learning rate, L2,
dropout, width, depth and batch size; 40 % of the rows are validation rows. Everything is trained by one
worker, and nothing stops early. The tables are written to FOLDER/tables.npz; by default the folder is in the
temporary directory.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import io
import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.cli import run
from tests.benchmarks.samplers.table import DIMENSIONS, SHAPE, Table, write_tables

NAMES = ("carseats", "concrete", "orange_juice", "yeast1", "churn", "letter")
"""Two regressions and four classifications, of 400 to 4,000 rows and up to 26 classes."""


def config(data: Path, epochs: int) -> dict[str, Any]:
    """The search of a table's grid."""
    widths, depths = DIMENSIONS["width"], DIMENSIONS["depth"]
    layers = [[width] * depth for width in widths for depth in depths]
    return {
        "seed": 0,
        "recipe": "classic",
        "data": {"source": str(data), "target": "y", "split": {"validation": 0.4, "test": 0}},
        "training": {"epochs": epochs, "early_stopping": None},
        "search": {
            "method": "grid",
            "space": {
                "training.optimizer.learning_rate": {"choice": list(DIMENSIONS["learning_rate"])},
                "training.l2": {"choice": list(DIMENSIONS["l2"])},
                "model.dropout": {"choice": list(DIMENSIONS["dropout"])},
                "model.hidden": {"choice": layers},
                "training.batch_size": {"choice": list(DIMENSIONS["batch_size"])},
            },
        },
    }


def place(assignment: Mapping[str, Any]) -> tuple[int, ...]:
    """The place of a configuration in the grid."""
    layers = assignment["model.hidden"]
    values = {
        "learning_rate": assignment["training.optimizer.learning_rate"],
        "l2": assignment["training.l2"],
        "dropout": assignment["model.dropout"],
        "width": layers[0],
        "depth": len(layers),
        "batch_size": assignment["training.batch_size"],
    }
    return tuple(DIMENSIONS[name].index(values[name]) for name in DIMENSIONS)


def make(name: str, data: Path, epochs: int) -> Table:
    """Search the whole grid on one data set, and read the curves from the journal."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "grid.yaml")
        path.write_text(json.dumps(config(data.resolve(), epochs)), encoding="utf-8")  # JSON is YAML
        words = ["search", str(path), "--runs-dir", folder, "--workers", "1", "--executor", "serial", "-q"]
        with redirect_stdout(io.StringIO()):  # the run's path
            code = run(words)
        if code:
            raise RuntimeError(f"the search on {name} failed")
        (journal,) = Path(folder).glob("[!.]*/journal.jsonl")
        records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    places = {each["number"]: place(each["assignment"]) for each in records if each["record"] == "trial"}
    loss, error = (np.full((*SHAPE, epochs), np.inf) for _ in range(2))
    for each in records:
        if each["record"] == "result":
            curve = each["facts"]["curve"]
            score = curve.get("validation_accuracy") or curve["validation_r2"]
            for epoch, (value, share) in enumerate(zip(curve["validation_loss"], score, strict=True)):
                if value is not None and math.isfinite(value):
                    loss[(*places[each["trial"]], epoch)] = value
                    error[(*places[each["trial"]], epoch)] = 1 - share
    if len(set(places.values())) != math.prod(SHAPE):
        raise RuntimeError(f"{len(places)} trials on {name}, not the whole grid of {math.prod(SHAPE)}")
    return Table(name, {"loss": loss, "error": error})


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.make_tables")
    parser.add_argument("data", type=Path, help="a folder of CSV files")
    parser.add_argument("--output", type=Path, default=Path(tempfile.gettempdir(), "fnnctl-tables"))
    parser.add_argument("--names", nargs="*", default=NAMES)
    parser.add_argument("--epochs", type=int, default=25)
    given = parser.parse_args(words)
    given.output.mkdir(parents=True, exist_ok=True)
    tables = []
    for name in given.names:
        (data,) = (path for path in given.data.iterdir() if path.name.split(".")[0] == name)
        begun = time.perf_counter()
        table = make(name, data, given.epochs)
        tables.append(table)
        best, middle = (f(table.curves["error"][..., -1]) for f in (np.min, np.median))
        seconds = time.perf_counter() - begun
        print(f"{name:14} {seconds:6.0f} s; error: best {best:.4f}, median {middle:.4f}", flush=True)
        write_tables(given.output / "tables.npz", tables)
    print(f"written to {given.output / 'tables.npz'}")


if __name__ == "__main__":
    main()
