"""How good: searches without a space, recipes and other libraries, on the test folds of many tables.

    python -m tests.benchmarks.accuracy run --tables FOLDER --cache FILE [--only glass,letter]
        [--contenders search,default,catboost] [--limits 60] [--folds 2] [--threads 1] [--python NAME=PATH …]
        [--portfolios FILE]
    python -m tests.benchmarks.accuracy report FILE… [--limit 60] [--picture FILE]

FOLDER has CSV files (.csv or .csv.gz) with a header and the target in the column y, whose values decide the
task, or folders with fixed parts, as `tests.benchmarks.large_tables` writes them. `run` writes each of the
first fixed folds (`tests.benchmarks.recipe.tables`) as train.csv and test.csv, and runs the contenders on
them, as commands, in turns, the smallest table first: `fnnctl search` on a config without a space, `fnnctl
train` with each recipe, and the peers of `peer.py`. --limits are seconds, for the search and for AutoGluon.
--python names the interpreter of a peer that is not installed here; by default the peers that are installed
take part. The program's portfolio was selected on such tables: with --portfolios
(`tests.benchmarks.portfolio`), each table is judged with the one that was selected on all others.

FILE has a line per result, and an interrupted run goes on where it was; what failed is tried again. The
version is no part of a result's key: after a change, begin a new file. `report` reads several files, of
which the last one counts: the peers are run once.

`report` gives the means, the differences of the search and of the default to all others, paired by table,
with 95 % intervals, how optimistic the out-of-bag scores were, and how often "better than the default" was
said and was so on other folds. --picture draws scores over the seconds of a fit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.accuracy.contenders import (
    CONTENDERS,
    LIMITED,
    RECIPES,
    SEARCH,
    Machine,
    run,
    write_fold,
)
from tests.benchmarks.accuracy.peer import PEERS
from tests.benchmarks.accuracy.picture import draw
from tests.benchmarks.accuracy.report import report
from tests.benchmarks.accuracy.results import Key, append, read_results
from tests.benchmarks.recipe.tables import find_tables, outer_folds, read_table


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    if options.what == "run":
        _run(options)
        return
    results = [*read_results(options.files).values()]
    print("\n".join(report(results, options.limit)))
    if options.picture:
        draw(results, options.limit, options.picture)


def _run(options: argparse.Namespace) -> None:
    portfolios = options.portfolios and options.portfolios.resolve()
    machine = Machine(options.threads, dict(options.python), portfolios)
    names = options.contenders or [SEARCH, *RECIPES, *installed_peers(), *machine.pythons]
    contenders = [
        (name, limit)
        for name in dict.fromkeys(names)
        for limit in (options.limits if name in LIMITED else [None])
    ]
    measured = {key for key, result in read_results([options.cache]).items() if not result.error}
    for path in reversed(find_tables(options.tables, options.only)):
        table = read_table(path)
        for fold in range(min(options.folds, outer_folds(table.data).count)):
            for name, limit in contenders:
                key = Key(table.name, fold, name, limit)
                if key in measured:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    result = run(name, limit, write_fold(table, fold, Path(folder)), machine)
                append(options.cache, result)
                told = (
                    result.error
                    or f"{result.seconds:.1f} s, {result.scores and result.scores.test.value:.4f}"
                )
                print(f"{table.name}, fold {fold}, {name}: {told}", file=sys.stderr, flush=True)


def installed_peers() -> list[str]:
    """The peers that this interpreter has; all get data frames."""
    modules = {name: peer.module.partition(".")[0] for name, peer in PEERS.items()}
    return [name for name, module in modules.items() if find_spec(module) and find_spec("pandas")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in CONTENDERS:
            raise argparse.ArgumentTypeError(f"no contender {name!r}; there are {', '.join(CONTENDERS)}")
    return names


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _python(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if name not in PEERS or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH; NAME is one of {', '.join(PEERS)}")
    return name, path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accuracy")
    commands = parser.add_subparsers(dest="what", required=True)
    command = commands.add_parser("run")
    command.add_argument("--tables", type=Path, required=True, help="a folder of CSV files")
    command.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
    command.add_argument("--only", type=lambda text: text.split(","), default=[], help="names of tables")
    command.add_argument("--contenders", type=_names, help="names, separated by commas")
    command.add_argument("--limits", type=_numbers, default=[60.0], help="seconds, separated by commas")
    command.add_argument("--folds", type=int, default=2, help="how many of the fixed folds")
    command.add_argument("--threads", type=int, default=1, help="threads, or workers, per contender")
    command.add_argument("--python", type=_python, action="append", default=[], metavar="NAME=PATH")
    command.add_argument("--portfolios", type=Path, help="portfolios that were selected on other tables")
    command = commands.add_parser("report")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--limit", type=float, default=60.0, help="the time limit that is compared")
    command.add_argument("--picture", type=Path, help="a PNG of scores over seconds")
    return parser


if __name__ == "__main__":
    main()
