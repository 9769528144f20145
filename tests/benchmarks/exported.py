"""How fast an exported network predicts in ONNX Runtime, beside `fnnctl.Predictor`, each on one thread.

    python -m tests.benchmarks.exported [ROUNDS]

Prints rows per second for several numbers of rows at once, from columns in memory to probabilities, with the
file's size and the seconds of `fnnctl export`. Larger numbers of rows than 1,000 are computed 1,000 at a time
in ONNX Runtime, too: all at once need more memory, and are no faster.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fnnctl
from fnnctl.cli import run
from tests.benchmarks.measuring import CLOCK, interleaved

CONFIGS = {
    "100 units": "recipe: classic\ndata: {source: breast_cancer}\nmodel: {hidden: [100]}\n",
    "recipe default": "recipe: default\ndata: {source: breast_cancer}\n",
}
SIZES = (1, 1_000, 100_000)
BLOCK = 1_000
Columns = Mapping[str, Any]


def timed(predict: Callable[[], object], rows: int) -> Callable[[], float]:
    """Measures the rows per second of a prediction of so many rows."""
    repeats = max(1, 200 // rows)

    def measure() -> float:
        begun = CLOCK.seconds()
        for _ in range(repeats):
            predict()
        return rows * repeats / (CLOCK.seconds() - begun)

    return measure


def exported(path: Path) -> Callable[[Columns], object]:
    """The graph in ONNX Runtime: columns in, label and probabilities out."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def predict(columns: Columns) -> object:
        rows = len(next(iter(columns.values())))
        blocks = [slice(start, start + BLOCK) for start in range(0, rows, BLOCK)]
        return [
            session.run(None, {name: values[block][:, None] for name, values in columns.items()})
            for block in blocks
        ]

    return predict


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    CLOCK.count_processor_time()
    for name, config in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.yaml"
            path.write_text(config)
            runs = ["--quiet", "--runs-dir", str(Path(folder) / "runs")]
            run(["train", str(path), "--no-figures", *runs])
            begun = time.perf_counter()
            run(["export", "--output", str(path.with_suffix(".onnx")), *runs])
            seconds = time.perf_counter() - begun
            predictor = fnnctl.load_run("latest", runs_dir=Path(folder) / "runs").predictor
            graph, size = exported(path.with_suffix(".onnx")), path.with_suffix(".onnx").stat().st_size
        print(f"{name}: {size / 1000:,.0f} kB, exported in {seconds:.1f} s")
        rng = np.random.default_rng(0)
        for rows in SIZES:
            array = rng.random((rows, len(predictor.feature_names)))
            columns = dict(zip(predictor.feature_names, array.T.copy(), strict=True))
            contenders = {
                "ONNX Runtime": timed(partial(graph, columns), rows),
                "Predictor": timed(partial(predictor.predict_proba, array), rows),
            }
            speeds = interleaved(contenders, rounds)
            shown = ", ".join(f"{contender} {speed:,.0f}" for contender, speed in speeds.items())
            print(f"  {rows:,} at once, rows per second: {shown}")


if __name__ == "__main__":
    main()
