"""How often intervals and sets hold the truth: on simulated tables, and on the test folds of real ones.

    python -m tests.benchmarks.coverage simulated --cache FILE [--count 1080]
    python -m tests.benchmarks.coverage nested --cache FILE [--count 256] [--rows 60,500]
    python -m tests.benchmarks.coverage choices --cache FILE [--count 192] [--only fixed,search]
    python -m tests.benchmarks.coverage tables --tables FOLDER --cache FILE [--only glass,letter] [--folds 5]
    python -m tests.benchmarks.coverage beside --tables FOLDER --cache FILE [--only glass,letter] [--folds 2]
    python -m tests.benchmarks.coverage report FILE…

`simulated` trains the default recipe on tables of 60 to 500 rows (`made.py`), for numbers with quantiles,
too, and measures the coverage on 2,000 fresh rows of each; --only takes one of both. `nested` measures how
much an epoch and a temperature flatter that are chosen by the rows whose errors make the regions
(`nested.py`). `choices` trains the contenders of `contenders.py`, each of which chooses something else by
these rows; some are searches, which take half a minute per table. `tables` trains the default recipe on the
fixed folds of CSV files with the target in the column y, and measures on their test rows; `beside` does so
with those peers of `peers.py` that are installed, too.

FILE has a line per result, and an interrupted run goes on where it was. With `--part 1/2` every second table
is used, so that two processes can share the work.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from fnnctl.errors import FnnctlWarning
from tests.benchmarks.coverage.contenders import CHOICES, DEFAULT, NESTED_CHOICES, QUANTILES, Contender
from tests.benchmarks.coverage.made import DIVISIBLE, KINDS, SIZES, made_tables
from tests.benchmarks.coverage.measured import Key, Measured
from tests.benchmarks.coverage.report import BESIDE, CHOSEN, NESTED, SIMULATED, TABLES, report
from tests.benchmarks.coverage.studies import compared, of_folds, of_made_tables
from tests.benchmarks.kept_lines import append_line, read_lines
from tests.benchmarks.recipe.tables import find_tables

CONTENDERS = {SIMULATED: {DEFAULT: Contender(), **QUANTILES}, CHOSEN: CHOICES, NESTED: NESTED_CHOICES}
COUNTS = {SIMULATED: 1_080, CHOSEN: 192, NESTED: 256}
"""How many tables are simulated, unless another number is asked for."""
FOLDS_OF_STUDY = {TABLES: 5, BESIDE: 2}


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    if options.what == "report":
        lines = (line for file in options.files for line in read_lines(file))
        results = {result.key: result for result in map(Measured.of_line, lines)}
        print("\n".join(report([*results.values()])))
        return
    warnings.simplefilter("ignore", FnnctlWarning)
    known = {Measured.of_line(line).key for line in read_lines(options.cache)}
    for result in _results(options, known):
        append_line(options.cache, result.to_line())
        shares = " ".join(f"{level.all.held / level.all.rows:.3f}" for level in result.levels)
        print(f"{', '.join(map(str, result.key))}: {shares}, {result.seconds:.1f} s", file=sys.stderr)


def _results(options: argparse.Namespace, known: set[Key]) -> Iterator[Measured]:
    study, (first, step) = options.what, options.part
    if study in FOLDS_OF_STUDY:
        paths = find_tables(options.tables, options.only)[::-1][first::step]
        contenders = compared() if study == BESIDE else {DEFAULT: Contender()}
        return of_folds(study, contenders, paths, options.folds, known)
    chosen = {name: CONTENDERS[study][name] for name in options.only or CONTENDERS[study]}
    kinds = KINDS if study == SIMULATED else DIVISIBLE
    tables = islice(made_tables(options.count, kinds, options.rows), first, None, step)
    return of_made_tables(study, chosen, tables, known)


def _names(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _part(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    return int(number) - 1, int(count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.coverage")
    commands = parser.add_subparsers(dest="what", required=True)
    for name, count in COUNTS.items():
        command = commands.add_parser(name)
        command.add_argument("--count", type=int, default=count, help="how many simulated tables")
        command.add_argument("--rows", type=_numbers, default=SIZES, help="such as 60,500: of the tables")
    for name, folds in FOLDS_OF_STUDY.items():
        command = commands.add_parser(name)
        command.add_argument("--tables", type=Path, required=True, help="a folder of CSV files")
        command.add_argument("--folds", type=int, default=folds, help="how many of the fixed folds")
    for command in commands.choices.values():
        command.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
        command.add_argument("--only", type=_names, default=[], help="names, separated by commas")
        command.add_argument("--part", type=_part, default=(0, 1), help="such as 1/2: every second table")
    command = commands.add_parser("report")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()
