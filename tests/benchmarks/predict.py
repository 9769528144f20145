"""What `fnnctl predict` takes for 200,000 rows of ten numbers, and what of it is reading, products, writing.

    python -m tests.benchmarks.predict [--rows N] [--rounds N] [--recipes classic,default]

A network of each recipe is trained for one epoch. Then the whole command, in a process of its own, the
reading of the file, the matrix products of all layers and networks alone, and the writing of the lines take
turns. Prints medians of the processor time of all threads, which counts no other program; of the wall time
of the command; and the ratio of the command to reading, products and writing together. `starting` is the
command on one row.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.new_rows import open_new_rows
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.modelling.saved_model import has_network, load_model
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.tables import wide_lines
from fnnctl.training.scoring import SCORING_BATCH
from tests.benchmarks.commands import Ended, fnnctl
from tests.benchmarks.measuring import interleaved

TURNS = ("command", "starting", "reading", "products", "writing")
COLUMNS, TRAINED_ROWS = 10, 2000
FORM = CsvFormat(None, "utf-8", frozenset({"", "NA"}))


def write_table(path: Path, rows: int, *, labelled: bool) -> None:
    """A table of normal numbers with six digits, and with a target of two classes if it is `labelled`."""
    X = np.random.default_rng(0).normal(size=(rows, COLUMNS))
    labels = np.where(X[:, 0] * X[:, 1] + X[:, 2] > 0, "yes", "no").tolist()
    line = ",".join(["%.6g"] * COLUMNS)
    header = ",".join(f"x{j}" for j in range(COLUMNS))
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header},y\n" if labelled else f"{header}\n")
        for numbers, label in zip(X.tolist(), labels, strict=True):
            file.write(line % tuple(numbers) + (f",{label}\n" if labelled else "\n"))


def train(folder: Path, recipe: str) -> None:
    config = (
        f"name: {recipe}\nrecipe: {recipe}\ndata: {{source: train.csv, target: y}}\ntraining: {{epochs: 1}}\n"
    )
    (folder / f"{recipe}.yaml").write_text(config, encoding="utf-8")
    fnnctl("train", f"{recipe}.yaml", "--no-figures", "--quiet", folder=folder)


def reading(path: Path, preprocessor: Preprocessor) -> float:
    """Processor time to read the file's numbers as `predict` does."""
    begun = time.process_time()
    with open_new_rows(
        path, FORM, preprocessor, targets=("y",), labelled=False, delimiter_setting="--delimiter"
    ) as file:
        for _ in file.blocks:
            pass
    return time.process_time() - begun


def weights_of(run: Path) -> list[tuple[int, int]]:
    """The shape (outputs, inputs) of each layer's weights, of all networks."""
    with np.load(run / "model.npz") as arrays:
        shapes = [array.shape for name, array in arrays.items() if "weights_" in name]
    return [(outputs, inputs) for outputs, inputs in shapes]


def products(layers: list[tuple[int, int]], rows: int) -> float:
    """Processor time of the layers' products for so many rows, in batches as `predict` scores them."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> FloatArray:
        return rng.normal(size=shape).astype(np.float32)

    operands = [
        (normal(outputs, inputs + 1), normal(inputs + 1, SCORING_BATCH), normal(outputs, SCORING_BATCH))
        for outputs, inputs in layers
    ]
    begun = time.process_time()
    for _ in range(0, rows, SCORING_BATCH):
        for weights, below, out in operands:
            np.matmul(weights, below, out=out)
    return time.process_time() - begun


def writing(path: Path, rows: int) -> float:
    """Processor time to write so many lines with a class and two probabilities, in batches as above."""
    probabilities = np.random.default_rng(0).uniform(size=(SCORING_BATCH, 2))
    leading = [(row, "yes") for row in range(SCORING_BATCH)]
    begun = time.process_time()
    write_output(path, wide_lines((leading, probabilities) for _ in range(0, rows, SCORING_BATCH)))
    return time.process_time() - begun


def contenders(folder: Path, recipe: str, rows: int) -> tuple[dict[str, Callable[[], float]], list[float]]:
    """What takes turns, and a list that receives the wall times of the command."""
    (run,) = (path for path in (folder / "runs").iterdir() if f"-{recipe}-" in path.name)
    model = load_model(find_run(str(run), folder / "runs", has_network), print)
    walls: list[float] = []

    def predict(table: str) -> Ended:
        return fnnctl("predict", run.name, table, "-o", "out.csv", "--quiet", folder=folder)

    def command() -> float:
        ended = predict("new.csv")
        walls.append(ended.seconds)
        return ended.processor_seconds

    turns = (
        command,
        lambda: predict("one.csv").processor_seconds,
        partial(reading, folder / "new.csv", model.predictor.preprocessor),
        partial(products, weights_of(run), rows),
        partial(writing, folder / "written.csv", rows),
    )
    return dict(zip(TURNS, turns, strict=True)), walls


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--recipes", default="classic,fast,default")
    options = parser.parse_args(words)
    print(" " * 10 + "".join(f" {turn:>8}" for turn in TURNS), f"{'ratio':>6} {'wall':>6}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "train.csv", TRAINED_ROWS, labelled=True)
        write_table(folder / "new.csv", options.rows, labelled=False)
        write_table(folder / "one.csv", 1, labelled=False)
        for recipe in options.recipes.split(","):
            train(folder, recipe)
            turns, walls = contenders(folder, recipe, options.rows)
            took = interleaved(turns, options.rounds)
            ratio = took["command"] / (took["reading"] + took["products"] + took["writing"])
            seconds = " ".join(f"{took[turn]:8.2f}" for turn in turns)
            print(f"{recipe:10} {seconds} {ratio:6.2f} {np.median(walls[1:]):6.2f}", flush=True)


if __name__ == "__main__":
    main()
