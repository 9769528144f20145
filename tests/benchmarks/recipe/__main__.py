"""What each part of a recipe gains, and what it costs, on a folder of tables.

    python -m tests.benchmarks.recipe --tables FOLDER [--cache FILE] [--workers 2] [--only glass,letter]
        [--recipe default] [--base PATH=VALUE …] [--parts NAME …] [--without NAME PATH=VALUE …]
        [--with NAME PATH=VALUE …] [--members N] [--seeds 3]

FOLDER has CSV files (.csv or .csv.gz) with a header and the target in the column y; empty cells are missing,
columns with text are categories. The target's values decide the task, as with `data.task: auto`. A table may
also be a folder with fixed parts, as `tests.benchmarks.large_tables` writes it: it has one fold.

The recipe is compared with itself without each part, and with each candidate, as listed in `parts.py` (or
given by --without and --with). Of the training rows of each of five fixed folds, a quarter is scored, and the
rest is trained on; the folds' test rows are never used: `tests.benchmarks.accuracy` scores recipes that are
settled on them. Intervals are for the mean over tables, paired by table.

Every contender has one thread, and seconds are those of the processor. Contenders take turns on each table.
With --cache, results are kept in a file, and an interrupted run goes on where it was. --workers 1 is best for
times.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.recipe.ablation import contenders, table
from tests.benchmarks.recipe.measurements import Plan, measure_all
from tests.benchmarks.recipe.parts import PARTS, RECIPES, Part
from tests.benchmarks.recipe.tables import find_tables


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    added = [
        Part(name, tuple(settings), is_candidate=candidate)
        for candidate, parts in ((False, options.without), (True, getattr(options, "with")))
        for name, *settings in parts
    ]
    chosen = PARTS if options.parts is None else [part for part in PARTS if part.name in options.parts]
    parts = [*chosen, *added]
    members = () if options.members is None else (f"model.ensemble={options.members}",)
    recipe = (*RECIPES[options.recipe], *options.base, *members)
    plan = Plan(contenders(recipe, parts), range(options.seeds), options.cache)
    paths = find_tables(options.tables, [name for name in options.only.split(",") if name])
    print("\n".join(table(measure_all(paths, plan, workers=options.workers), parts)).rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recipe")
    parser.add_argument("--tables", type=Path, required=True, help="a folder of CSV files")
    parser.add_argument("--only", default="", help="names of tables, separated by commas")
    parser.add_argument("--cache", type=Path, help="a file that keeps the results")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="seeds of networks and of scored rows")
    parser.add_argument("--recipe", choices=RECIPES, default="default")
    parser.add_argument("--members", type=int, help="networks per ensemble")
    parser.add_argument("--base", nargs="+", default=[], metavar="PATH=VALUE")
    parser.add_argument("--parts", nargs="*", help="some of the listed parts (default: all)")
    for option in ("--without", "--with"):
        parser.add_argument(option, nargs="+", action="append", default=[])
    return parser


if __name__ == "__main__":
    main()
