"""Measures the parts of the recipe, and the recipes beside their peers, on a folder of tables.

    python -m tests.benchmarks.recipe ablation --tables FOLDER [--cache FILE] [--workers 2]
        [--only glass,letter] [--recipe default] [--base PATH=VALUE …] [--parts NAME …]
        [--without NAME PATH=VALUE …] [--with NAME PATH=VALUE …] [--members N] [--seeds 3]
    python -m tests.benchmarks.recipe final --tables FOLDER [--cache FILE] [--workers 2]
        [--only glass,letter] [--recipes classic,default,fast] [--peers sklearn,catboost] [--scores FILE]
        [--members N] [--seeds 1] [--folds 5] [--cached] [--picture FILE]
    python -m tests.benchmarks.recipe builtin [--recipe default] [--only iris,wine] [--seeds 20] [--workers 2]
        [--cache FILE]

FOLDER has CSV files (.csv or .csv.gz) with a header and the target in the column y; empty cells are missing,
columns with text are categories. The target's values decide the task, as with `data.task: auto`. A table may
also be a folder with fixed parts, as `tests.benchmarks.large_tables` writes it: it has one fold.

`ablation` compares the recipe with itself without each part, and with each candidate, as listed in `parts.py`
(or given by --without and --with). Of the training rows of each of five fixed folds, a quarter is scored, and
the rest is trained on; the folds' test rows are never used. `final` trains on all training rows of a fold and
scores its test rows; so it is for recipes that are settled. Its peers are scikit-learn's models and, if they
are installed, CatBoost, LightGBM, XGBoost and pytabkit's networks; the scores of peers that are not run may
come from a file (--scores). --picture draws scores over seconds. Intervals are for the mean over tables,
paired by table. `builtin` compares a config with nothing but `data.source` with the tuned files in `configs/`
on the built-in data sets.

Every contender has one thread, and seconds are those of the processor. Contenders take turns on each table.
With --cache, results are kept in a file, and an interrupted run goes on where it was; `final --cached` trains
nothing, and reports what the file has. --workers 1 is best for times.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from collections.abc import Sequence
from pathlib import Path

from fnnctl.data.builtin import BUILTIN
from tests.benchmarks.recipe import ablation, final
from tests.benchmarks.recipe.builtin import BuiltinPlan, measure_builtin, report
from tests.benchmarks.recipe.measurements import Plan, measure_all
from tests.benchmarks.recipe.parts import PARTS, RECIPES, Part, Settings
from tests.benchmarks.recipe.peers import PEERS, installed_peers
from tests.benchmarks.recipe.picture import draw
from tests.benchmarks.recipe.tables import FOLDS, find_tables


def main(words: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(words)
    if given.what == "builtin":
        print("\n".join(_builtin(given)))
        return
    paths = find_tables(given.tables, [name for name in given.only.split(",") if name])
    members: Settings = () if given.members is None else (f"model.ensemble={given.members}",)
    lines = (_ablation if given.what == "ablation" else _final)(given, paths, members)
    print("\n".join(lines).rstrip())


def _ablation(given: argparse.Namespace, paths: Sequence[Path], members: Settings) -> list[str]:
    added = [
        Part(name, tuple(settings), is_candidate=candidate)
        for candidate, parts in ((False, given.without), (True, getattr(given, "with")))
        for name, *settings in parts
    ]
    chosen = PARTS if given.parts is None else [part for part in PARTS if part.name in given.parts]
    parts = [*chosen, *added]
    recipe = (*RECIPES[given.recipe], *given.base, *members)
    contenders = ablation.contenders(recipe, parts)
    plan = Plan(contenders, inner=True, seeds=range(given.seeds), cache=given.cache)
    return ablation.table(measure_all(paths, plan, workers=given.workers), parts)


def _final(given: argparse.Namespace, paths: Sequence[Path], members: Settings) -> list[str]:
    recipes = given.recipes.split(",")
    peers = installed_peers() if given.peers is None else given.peers.split(",")
    plan = Plan(
        final.contenders(recipes, members, peers),
        inner=False,
        seeds=range(given.seeds),
        folds=given.folds,
        cache=given.cache,
        cached_only=given.cached,
    )
    measured = measure_all(paths, plan, workers=given.workers)
    if given.picture:
        draw(measured, [*recipes, *peers], given.picture)
    if given.scores:
        measured = final.with_known_peers(measured, given.scores, list(PEERS))
    return final.report(measured, recipes, list(PEERS))


def _builtin(given: argparse.Namespace) -> list[str]:
    names = [name for name in BUILTIN if not given.only or name in given.only.split(",")]
    plan = BuiltinPlan(given.recipe, range(given.seeds), cache=given.cache)
    return report(measure_builtin(names, plan, workers=given.workers))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recipe")
    commands = parser.add_subparsers(dest="what", required=True)
    for what in ("ablation", "final", "builtin"):
        command = commands.add_parser(what)
        command.add_argument("--only", default="", help="names of tables, separated by commas")
        command.add_argument("--cache", type=Path, help="a file that keeps the results")
        command.add_argument("--workers", type=int, default=1)
        seeds = 20 if what == "builtin" else 1
        command.add_argument("--seeds", type=int, default=seeds, help="seeds of networks and of splits")
        if what != "final":
            command.add_argument("--recipe", choices=RECIPES, default="default")
        if what == "builtin":
            continue
        command.add_argument("--tables", type=Path, required=True, help="a folder of CSV files")
        command.add_argument("--members", type=int, help="networks per ensemble, in all recipes")
        if what == "ablation":
            command.add_argument("--base", nargs="+", default=[], metavar="PATH=VALUE")
            command.add_argument("--parts", nargs="*", help="some of the listed parts (default: all)")
            for option in ("--without", "--with"):
                command.add_argument(option, nargs="+", action="append", default=[])
        else:
            command.add_argument("--recipes", default=",".join(RECIPES))
            command.add_argument("--peers", help="names, separated by commas (default: the installed ones)")
            command.add_argument("--scores", type=Path, help="a JSON file with scores of peers")
            command.add_argument("--folds", type=int, default=FOLDS, help="how many of the fixed folds")
            command.add_argument("--cached", action="store_true", help="train nothing, and report the cache")
            command.add_argument("--picture", type=Path, help="a PNG of scores over seconds")
    return parser


if __name__ == "__main__":
    main()
