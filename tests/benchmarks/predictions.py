"""How fast networks predict in a process: fnnctl, scikit-learn and, if it is installed, ONNX Runtime.

    python -m tests.benchmarks.predictions [--rows 1 1000 100000] [--rounds 7]

Prints the microseconds of a call from rows in memory to probabilities, on one thread, and the rows per
second. Exported networks compute 1,000 rows at a time: more at once need more memory, and are no faster. The
calls take turns, so that a busy machine slows all of them; medians are printed.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fnnctl
from fnnctl.arrays import FloatArray
from fnnctl.cli import run as run_command
from tests.benchmarks.measuring import CLOCK, interleaved

EXPERIMENTS: dict[str, dict[str, Any]] = {
    "one network": {"recipe": "classic", "model": {"hidden": [100]}, "training": {"epochs": 5}},
    "the default recipe": {"recipe": "default"},
}
SECONDS_PER_TURN = 0.02
BLOCK = 1_000

Call = Callable[[], object]
Prepare = Callable[[FloatArray], Call]
"""From rows to a call that predicts them."""


def contenders(folder: Path) -> Iterator[tuple[str, Prepare]]:
    """What predicts an array, by name."""
    X, y = load_breast_cancer(return_X_y=True)
    for name, experiment in EXPERIMENTS.items():
        run = fnnctl.train(experiment, "breast_cancer", runs_dir=folder / name)
        yield f"fnnctl, {name}", partial(partial, run.predictor.predict_proba)
        yield f"fnnctl, {name}, a record", partial(record_call, run.predictor)
        if find_spec("onnx") and find_spec("onnxruntime"):
            yield (
                f"ONNX Runtime, {name}",
                partial(exported_call, exported(folder / name, folder / f"{name}.onnx")),
            )
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=20)).fit(X, y)
    yield "scikit-learn, MLPClassifier alone", partial(partial, pipeline[-1].predict_proba)
    yield "scikit-learn, with its scaler", partial(partial, pipeline.predict_proba)


def record_call(predictor: Any, X: FloatArray) -> Call:
    """The prediction of the first row as a mapping."""
    return partial(predictor.predict_proba, dict(zip(predictor.feature_names, X[0].tolist(), strict=True)))


def exported(runs: Path, file: Path) -> Any:
    """A session of ONNX Runtime for the only run of a folder; prints what the export takes."""
    import onnxruntime

    begun = time.perf_counter()
    if run_command(["export", "latest", "--runs-dir", str(runs), "--output", str(file), "--quiet"]):
        raise RuntimeError("the export failed")
    seconds = time.perf_counter() - begun
    print(f"{file.stem}: {file.stat().st_size / 1000:,.0f} kB, exported in {seconds:.1f} s")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def exported_call(session: Any, X: FloatArray) -> Call:
    """The prediction of columns in memory."""
    names = [node.name for node in session.get_inputs()]
    columns = dict(zip(names, X.T[..., None].copy(), strict=True))

    def predict() -> object:
        blocks = [slice(start, start + BLOCK) for start in range(0, len(X), BLOCK)]
        return [
            session.run(None, {name: column[block] for name, column in columns.items()}) for block in blocks
        ]

    return predict


def microseconds(predict: Call) -> float:
    """The mean time of a call within one turn."""
    predict()
    begun, count = CLOCK.seconds(), 0
    while (elapsed := CLOCK.seconds() - begun) < SECONDS_PER_TURN or not count:
        predict()
        count += 1
    return elapsed / count * 1e6


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.predictions")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(words)
    X = load_breast_cancer().data
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predictors = dict(contenders(Path(folder)))
    for rows in options.rows:
        array = np.resize(X, (rows, X.shape[1]))
        print(f"{rows:,} rows at once")
        turns = {
            name: partial(microseconds, prepare(array))
            for name, prepare in predictors.items()
            if rows == 1 or not name.endswith("a record")
        }
        for name, median in interleaved(turns, options.rounds).items():
            print(f"  {name:36} {median:12,.1f} µs {rows / median * 1e6:12,.0f} rows/s")


if __name__ == "__main__":
    main()
