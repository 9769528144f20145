"""Selects the portfolio of a search without a space: which changes of the default are good on other tables.

    python -m tests.benchmarks.portfolio measure --tables FOLDER --pool POOL [--only glass,letter] [--fold 0]
        [--drawn 31] [--part 0/2]
    python -m tests.benchmarks.portfolio select --pool POOL [--size 16] [--most-time 3] [--folds FILE]

`measure` trains every candidate of `candidates.py` on every table, as `fnnctl train` would on the fixed fold,
and keeps its predictions of out-of-bag rows and of test rows in POOL, a folder with a file per table and
candidate; an interrupted run goes on where it was. Several processes share the work with --part.

`select` adds one candidate after the other: the one that lowers the loss most of the ensembles that are
selected out of bag, on rows that did not select them. Candidates that take over --most-time times as long as
the default are left out. It prints the records of `fnnctl/config/recipes/portfolio.py` and, with --folds,
writes a portfolio for each table that is selected on all others: with those `tests.benchmarks.accuracy`
judges.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fnnctl.blas import set_blas_threads
from tests.benchmarks.portfolio.candidates import candidates, changed_fields
from tests.benchmarks.portfolio.pool import measure, pool_file, read_pool
from tests.benchmarks.portfolio.selecting import GainsMemo, mean_gain, select_portfolio
from tests.benchmarks.recipe.tables import find_tables, read_table


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    (_measure if options.what == "measure" else _select)(options)


def _measure(options: argparse.Namespace) -> None:
    set_blas_threads(1)
    options.pool.mkdir(parents=True, exist_ok=True)
    number, parts = map(int, options.part.split("/"))
    tables = [read_table(path) for path in find_tables(options.tables, options.only)]
    for index, change in enumerate(candidates(options.drawn)):
        for table_index, table in enumerate(tables):
            file = pool_file(options.pool, table.name, index)
            if (index + table_index) % parts == number and not file.exists():
                measure(table, change, options.fold).write(file)
        print(index, changed_fields(change), file=sys.stderr, flush=True)


def _select(options: argparse.Namespace) -> None:
    changes = candidates(options.drawn)
    pool = read_pool(options.pool, len(changes))
    gains_by_key: GainsMemo = {}
    portfolio = select_portfolio(pool, size=options.size, most_time=options.most_time, memo=gains_by_key)
    for count, index in enumerate(portfolio, start=1):
        gains = mean_gain(pool, portfolio[:count], gains_by_key)
        fields = ", ".join(f"{name}={value!r}" for name, value in changed_fields(changes[index]).items())
        print(f"    Change({fields}),  # {100 * gains.nested:.1f} %, {100 * gains.tested:.1f} %")
    if options.folds is None:
        return
    judged = {}
    for table in pool:
        other_tables = {name: entries for name, entries in pool.items() if name != table}
        indices = select_portfolio(
            other_tables, size=options.size, most_time=options.most_time, memo=gains_by_key
        )
        judged[table] = [asdict(changes[index]) for index in indices]
        print(table, indices, file=sys.stderr, flush=True)
    options.folds.write_text(json.dumps(judged), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.portfolio")
    commands = parser.add_subparsers(dest="what", required=True)
    for what in ("measure", "select"):
        command = commands.add_parser(what)
        command.add_argument("--pool", type=Path, required=True, help="the folder of predictions")
        command.add_argument("--drawn", type=int, default=31, help="how many candidates are drawn at random")
        if what == "measure":
            command.add_argument("--tables", type=Path, required=True, help="a folder of CSV files")
            command.add_argument("--only", type=lambda text: text.split(","), default=[])
            command.add_argument("--fold", type=int, default=0, help="the fixed fold")
            command.add_argument("--part", default="0/1", help="NUMBER/PARTS of the work")
        else:
            command.add_argument("--size", type=int, default=16)
            command.add_argument("--most-time", type=float, default=3.0)
            command.add_argument("--folds", type=Path, help="the file for the portfolios of other tables")
    return parser


if __name__ == "__main__":
    main()
