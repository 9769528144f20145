"""How long the probabilities of one row take: fnnctl, scikit-learn and, if it is installed, ONNX Runtime.

    python -m tests.benchmarks.one_row [--repeats 15]

The calls take turns, so that a busy machine slows all of them; medians are printed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
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
from fnnctl.cli import run as run_command

EXPERIMENTS: dict[str, dict[str, Any]] = {
    "one network": {"recipe": "classic", "model": {"hidden": [100]}, "training": {"epochs": 5}},
    "the default recipe": {"recipe": "default"},
}
SECONDS_PER_TURN = 0.02


def calls(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is timed, by name."""
    X, y = load_breast_cancer(return_X_y=True)
    row = X[:1]
    for name, experiment in EXPERIMENTS.items():
        run = fnnctl.train(experiment, (X, y), runs_dir=folder)
        predictor = run.predictor
        record = dict(zip(predictor.feature_names, row[0].tolist(), strict=True))
        yield f"fnnctl, {name}, an array", partial(predictor.predict_proba, row)
        yield f"fnnctl, {name}, a record", partial(predictor.predict_proba, record)
        if find_spec("onnx") and find_spec("onnxruntime"):
            yield f"ONNX Runtime, {name}", onnx_call(folder, experiment, row)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=20)).fit(X, y)
    yield "scikit-learn, MLPClassifier alone", partial(pipeline[-1].predict_proba, row)
    yield "scikit-learn, with its scaler", partial(pipeline.predict_proba, row)


def onnx_call(folder: Path, experiment: dict[str, Any], row: Any) -> Callable[[], Any]:
    """The same experiment on the built-in table, exported."""
    import onnxruntime

    run, file = fnnctl.train(experiment, "breast_cancer", runs_dir=folder), folder / "network.onnx"
    assert run_command(["export", str(run.path), "--output", str(file), "--quiet"]) == 0
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options)
    feed = {node.name: np.array([[x]]) for node, x in zip(session.get_inputs(), row[0], strict=True)}
    return partial(session.run, None, feed)


def microseconds(call: Callable[[], Any]) -> float:
    """The mean time of a call within one turn."""
    call()
    begun, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begun) < SECONDS_PER_TURN:
        call()
        count += 1
    return elapsed / max(1, count) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        timed = dict(calls(Path(folder)))
    turns = [{name: microseconds(call) for name, call in timed.items()} for _ in range(given.repeats)]
    for name in timed:
        print(f"{name:40} {statistics.median(turn[name] for turn in turns):8.1f} µs")


if __name__ == "__main__":
    main()
