"""How often drift is found where there is none, and where there is; and how long it takes.

    python -m tests.benchmarks.drift alarms [--splits 1000] [--sizes 30,300,100000]
    python -m tests.benchmarks.drift shifts [--splits 20] [--sizes 300,100000]
    python -m tests.benchmarks.drift predictions [--splits 100] [--sizes 30,300,10000]
    python -m tests.benchmarks.drift seconds [--splits 5] [--sizes 100000]

A table of sixteen columns of all kinds, which are independent, is split at random into training rows and as
many new rows; `alarms` also has other numbers of training rows. `alarms` prints the share of splits with any
alarm. `shifts` changes one column of the new rows in one of ten ways, and prints how often this column is
found, and how often another one. `predictions` trains networks of each kind of target, and prints how often
the predictions of new rows are said to have shifted. `seconds` prints the processor time of `predict`
with and without `--drift`, and that of the histograms of the training rows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.dataset import Columns
from fnnctl.data.fitting import fit_preprocessor
from fnnctl.data.histograms import counted_columns, empty_histograms, fitted_histograms
from fnnctl.metrics.drift import ColumnDrift, TableDrift
from fnnctl.modelling.drift import DriftCounter, drift_of
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.saved_model import SavedModel, has_network, load_model
from fnnctl.modelling.scored_rows import scored_blocks
from fnnctl.store.catalogue import find_run
from tests.benchmarks.commands import fnnctl

OTHER_SIZES: Final = ((10_000, 30), (10_000, 300), (300, 30), (300, 10_000), (100, 100_000))
"""Further numbers of training rows and of new rows."""
TRAINED_ROWS: Final = 1000
EPOCHS: Final = 30
CATEGORIES: Final = 2001
Table = dict[str, npt.NDArray[Any]]
"""Numbers, NaN if missing, or codes, −1 if missing, by column."""


def make_table(rows: int, rng: np.random.Generator) -> Table:
    """Independent columns of all kinds."""
    normal = rng.normal(size=rows)
    return {
        "normal": normal,
        "lognormal": rng.lognormal(sigma=2.0, size=rows),
        "uniform": rng.uniform(size=rows),
        "count": rng.poisson(2.0, rows).astype(float),
        "flag": rng.binomial(1, 0.03, rows).astype(float),
        "zeros": np.where(rng.uniform(size=rows) < 0.7, 0.0, rng.exponential(size=rows)),
        "rounded": np.round(rng.normal(20.0, 3.0, rows)),
        "gaps": np.where(rng.uniform(size=rows) < 0.15, np.nan, rng.normal(size=rows)),
        "rare_gaps": np.where(rng.uniform(size=rows) < 0.004, np.nan, rng.normal(size=rows)),
        "date": np.floor(rng.uniform(0.0, 700.0, rows)),
        "three": rng.choice(3, rows, p=[0.7, 0.2, 0.1]),
        "twelve": rng.integers(0, 12, rows),
        "many": np.minimum(rng.geometric(0.02, rows) - 1, 199),
        "names": rng.integers(0, CATEGORIES - 1, rows),
        "rare": np.where(rng.uniform(size=rows) < 0.002, rng.integers(1, 9, rows), 0),
        "category_gaps": np.where(rng.uniform(size=rows) < 0.2, -1, rng.integers(0, 4, rows)),
    }


def columns_of(table: Table) -> Columns:
    """The table as a data set has it."""
    numbers = {name: values for name, values in table.items() if values.dtype.kind == "f"}
    codes = {name: values for name, values in table.items() if name not in numbers}
    return Columns(
        numeric=np.stack([*numbers.values()], axis=1),
        numeric_names=(*numbers,),
        categorical=np.stack([*codes.values()], axis=1).astype(np.int32),
        categorical_names=(*codes,),
        categories=(tuple(map(str, range(CATEGORIES))),) * len(codes),
    )


def drift(table: Table, new: Table) -> TableDrift:
    """The drift of new rows, for a model that was trained on a table."""
    columns, new_columns = columns_of(table), columns_of(new)
    rows = np.arange(len(columns))
    preprocessor = fit_preprocessor(columns, rows, DataConfig(source="t.csv", max_categories=50))
    histograms = fitted_histograms(empty_histograms(preprocessor, {}), columns, rows)
    encoded = new_columns.categorical.copy()
    for j, column in enumerate(preprocessor.categories):
        code_of = np.full(CATEGORIES + 1, len(column.known))
        code_of[[int(text) for text in column.known]] = np.arange(len(column.known))
        encoded[:, j] = np.where(encoded[:, j] < 0, -1, code_of[encoded[:, j]])
    new_columns = replace(new_columns, categorical=encoded)
    return drift_of(histograms, [*counted_columns(histograms, new_columns, slice(None))])


def taken(table: Table, rows: IntArray) -> Table:
    """Some rows of a table."""
    return {name: values[rows] for name, values in table.items()}


def alarms(splits: int, sizes: Sequence[int]) -> None:
    """Random splits without drift."""
    print(f"{'training rows':>13} {'new rows':>9} {'splits':>7} {'with an alarm':>14}  columns")
    for trained, new in [*((size, size) for size in sizes), *OTHER_SIZES]:
        rng = np.random.default_rng([trained, new])
        population = make_table(2 * (trained + new), rng)
        found: dict[str, int] = {}
        with_alarm = 0
        for _ in range(splits):
            rows = rng.permutation(2 * (trained + new))[: trained + new]
            shifted = drift(taken(population, rows[:trained]), taken(population, rows[trained:])).shifted
            with_alarm += bool(shifted)
            for column in shifted:
                found[column.name] = found.get(column.name, 0) + 1
        listing = ", ".join(f"{name} {count}" for name, count in found.items())
        print(f"{trained:13,} {new:9,} {splits:7,} {with_alarm / splits:14.2%}  {listing}", flush=True)


def _some(values: npt.NDArray[Any], share: float, value: float) -> npt.NDArray[Any]:
    """The values with another one in this share of the rows."""
    chosen = np.arange(len(values)) % 100 < 100 * share
    changed: npt.NDArray[Any] = np.where(chosen, value, values).astype(values.dtype)
    return changed


SHIFTS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "the mean moves by half a deviation": ("normal", lambda x: x + 0.5),
    "the deviation rises by three quarters": ("normal", lambda x: 1.75 * x),
    "another unit": ("lognormal", lambda x: 1000 * x),
    "a sensor is stuck": ("uniform", lambda x: _some(x, 0.3, 0.5)),
    "counts double": ("count", lambda x: 2 * x),
    "a tenth more is missing": ("rare_gaps", lambda x: _some(x, 0.1, np.nan)),
    "gaps are filled with zeros": ("gaps", lambda x: np.where(np.isnan(x), 0.0, x)),
    "half a year later": ("date", lambda x: x + 183),
    "a new category in a tenth": ("twelve", lambda x: _some(x, 0.1, CATEGORIES - 1)),
    "two categories change places": ("three", lambda x: np.array([1, 0, 2])[x]),
}
"""In words: the column that is changed, and how."""


def shifts(splits: int, sizes: Sequence[int]) -> None:
    """Ten made shifts."""
    print(f"{'rows':>9} {'found':>7} {'PSI':>8} {'others':>7}  shift")
    for size in sizes:
        rng = np.random.default_rng(size)
        for words, (name, change) in SHIFTS.items():
            found, others, indices = 0, 0, []
            for _ in range(splits):
                new = make_table(size, rng)
                new[name] = change(new[name])
                measured = drift(make_table(size, rng), new)
                shifted = [column.name for column in measured.shifted]
                found += name in shifted
                others += any(column != name for column in shifted)
                indices += [column.psi for column in measured.columns if column.name == name]
            shares = f"{found / splits:7.0%} {median(indices):8.2f} {others / splits:7.0%}"
            print(f"{size:9,} {shares}  {words}", flush=True)


TARGETS: Final[Mapping[str, Callable[[FloatArray], Sequence[object]]]] = {
    "two classes": lambda signal: (signal > 0.3).tolist(),
    "a rare class": lambda signal: (signal > 3.0).tolist(),
    "five classes": lambda signal: [f"class {k}" for k in np.digitize(signal, [-2.0, -0.5, 0.5, 2.0])],
    "a number": lambda signal: signal.tolist(),
    "a skewed number": lambda signal: np.exp(signal).tolist(),
}
"""The target of each kind, made of a number that follows from the columns and chance."""


def write_table(path: Path, rows: int, rng: np.random.Generator, kind: str) -> None:
    """A table with a target of this kind."""
    X = rng.normal(size=(rows, 6))
    signal = X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=rows)
    lines = [
        ",".join([*(f"{x:.6g}" for x in row), str(target)])
        for row, target in zip(X.tolist(), TARGETS[kind](signal), strict=True)
    ]
    path.write_text("\n".join(["a,b,c,d,e,f,y", *lines]) + "\n", encoding="utf-8")


def trained_model(folder: Path, kind: str, recipe: str, rows: int = TRAINED_ROWS) -> SavedModel:
    """A network of this recipe for a target of this kind, trained in a folder."""
    write_table(folder / "train.csv", rows, np.random.default_rng(1), kind)
    words = ["--set", "data.source=train.csv", "--set", "data.target=y", "--set", f"recipe={recipe}"]
    words += ["--set", f"training.epochs={EPOCHS}"] if recipe == "classic" else []
    (folder / "t.yaml").write_text("{}", encoding="utf-8")
    fnnctl("train", "t.yaml", "--no-figures", "--quiet", *words, folder=folder)
    return load_model(find_run("latest", folder / "runs", has_network), lambda text: None)


def drift_of_file(model: SavedModel, path: Path) -> TableDrift:
    """The drift of the rows of a file, and of their predictions."""
    counter = DriftCounter.of(model)
    file = InputFile.find(str(path), model, setting="DATA", delimiter=None, encoding=None)
    with file.open(model, lambda text: None, warn=lambda warning: None) as rows:
        deque(scored_blocks(model.predictor, rows.blocks, file.name, counter=counter), maxlen=0)
    return counter.drift()


def predictions(splits: int, sizes: Sequence[int]) -> None:
    """Predictions of new rows, beside those of rows that were held out of the training."""
    print(f"{'training rows':>13} {'new rows':>9} {'shifted':>8} {'PSI':>7}  target, recipe")
    for kind, recipe in product(TARGETS, ("default", "classic")):
        with tempfile.TemporaryDirectory() as name:
            folder, rng = Path(name), np.random.default_rng(2)
            model = trained_model(folder, kind, recipe)
            for size in sizes:
                measured: list[ColumnDrift] = []
                for _ in range(splits):
                    write_table(folder / "new.csv", size, rng, kind)
                    measured += drift_of_file(model, folder / "new.csv").columns[-1:]
                share = sum(column.shifted for column in measured) / splits
                index = median(column.psi for column in measured)
                print(f"{TRAINED_ROWS:13,} {size:9,} {share:8.0%} {index:7.3f}  {kind}, {recipe}", flush=True)


def seconds(splits: int, sizes: Sequence[int]) -> None:
    """The processor time of `predict`, and of the histograms of the training rows, medians of rounds."""
    print(f"{'rows':>9} {'predict s':>10} {'--drift s':>10} {'histograms s':>13}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            trained_model(folder, "two classes", "classic")
            write_table(folder / "new.csv", size, np.random.default_rng(3), "two classes")
            words = ["predict", "latest", "new.csv", "--output", "p.csv", "--quiet"]
            times: dict[str, list[float]] = {"plain": [], "drift": [], "histograms": []}
            for _ in range(splits):
                times["plain"].append(fnnctl(*words, folder=folder).processor_seconds)
                times["drift"].append(fnnctl(*words, "--drift", "d.csv", folder=folder).processor_seconds)
                times["histograms"].append(_histogram_seconds(size))
            plain, drifted, histograms = (median(values) for values in times.values())
            print(f"{size:9,} {plain:10.2f} {drifted:10.2f} {histograms:13.4f}", flush=True)


def _histogram_seconds(rows: int) -> float:
    columns = columns_of(make_table(rows, np.random.default_rng(4)))
    preprocessor = fit_preprocessor(columns, np.arange(rows), DataConfig(source="t.csv"))
    begun = time.process_time()
    fitted_histograms(empty_histograms(preprocessor, {}), columns, np.arange(rows))
    return time.process_time() - begun


MODES: Final[Mapping[str, tuple[Callable[[int, Sequence[int]], None], int, str]]] = {
    "alarms": (alarms, 1000, "30,300,100000"),
    "shifts": (shifts, 20, "300,100000"),
    "predictions": (predictions, 100, "30,300,10000"),
    "seconds": (seconds, 5, "100000"),
}
"""What is measured, the usual number of splits or rounds, and the usual sizes."""


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description="How often drift is found, and how long it takes.")
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--splits", type=int)
    parser.add_argument("--sizes")
    options = parser.parse_args(words)
    measure, splits, sizes = MODES[options.mode]
    measure(options.splits or splits, [int(size) for size in (options.sizes or sizes).split(",")])


if __name__ == "__main__":
    main(sys.argv[1:])
