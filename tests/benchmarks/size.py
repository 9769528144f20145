"""A million rows of 50 columns: the memory that `fnnctl train` takes, and an epoch against scikit-learn's.

    python -m tests.benchmarks.size [--quick] [--classes N]

Each source is trained in a process of its own; of the peak of its resident memory that of an interpreter that
does nothing is subtracted, and the rest is given as a multiple of the data's float32 array. An epoch (batch
512, hidden 128-64, Adam, one BLAS thread) of fnnctl includes the validation of 15 % of the rows; that of
scikit-learn has the same number of training rows alone. `--quick` takes 100,000 rows, where the libraries
weigh more than the data: its multiples say nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.commands import fnnctl, run_python

COLUMNS, EPOCHS = 50, 3
ROWS = (1_000_000, 100_000)
"""Those of a whole and of a quick run."""
LIMITS = {"X.npy, float32": 1.5, "X.npy, float64": None, "CSV": 2.5}
MAKE = """
import sys
from pathlib import Path
import numpy as np
rows, columns, classes, folder = *map(int, sys.argv[1:4]), Path(sys.argv[4])
rng = np.random.default_rng(0)
y = rng.integers(0, classes, rows)
X = rng.normal(size=(rows, columns)).astype(np.float32)
X += rng.normal(0.0, 0.3, (classes, columns)).astype(np.float32)[y]
for name, dtype in (("float32", np.float32), ("float64", np.float64)):
    (folder / name).mkdir()
    np.save(folder / name / "X.npy", X.astype(dtype))
    np.save(folder / name / "y.npy", y)
with (folder / "data.csv").open("w") as file:
    file.write(",".join(f"x{j}" for j in range(columns)) + ",y\\n")
    line = ",".join(["%.6g"] * columns) + ",%d\\n"
    for row, label in zip(X, y.tolist()):
        file.write(line % (*row.tolist(), label))
"""
THEIRS = """
import sys, time, warnings
from pathlib import Path
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
folder, epochs = Path(sys.argv[1]), int(sys.argv[2])
X, y = np.load(folder / "X.npy"), np.load(folder / "y.npy")
rows = len(X) - round(0.2 * len(X)) - round(0.15 * len(X))
model = MLPClassifier((128, 64), batch_size=512, max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0)
warnings.simplefilter("ignore", ConvergenceWarning)
begun = time.perf_counter()
model.fit(X[:rows], y[:rows])
print((time.perf_counter() - begun) / model.n_iter_)
"""


def train(folder: Path, data: Mapping[str, str]) -> tuple[float, float]:
    """Peak of the resident memory, MB, and seconds an epoch."""
    config = {
        "recipe": "classic",
        "data": data,
        "model": {"hidden": [128, 64]},
        "training": {"epochs": EPOCHS, "batch_size": 512, "early_stopping": None},
    }
    (folder / "size.yaml").write_text(json.dumps(config))
    words = ["--runs-dir", str(folder / "runs"), "--quiet", "--no-figures"]
    ended = fnnctl("train", str(folder / "size.yaml"), *words)
    manifest = json.loads((Path(ended.stdout.strip()) / "manifest.json").read_text())
    return ended.megabytes, manifest["seconds"]["training"] / EPOCHS


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--classes", type=int, default=5)
    options = parser.parse_args(words)
    rows = ROWS[options.quick]
    array = rows * COLUMNS * 4 / 2**20
    idle = run_python("-c", "").megabytes
    print(f"{rows:,} rows, {COLUMNS} columns, {options.classes} classes")
    print(f"float32 array {array:.0f} MB, idle interpreter {idle:.0f} MB (of 2^20 bytes)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_python("-c", MAKE, str(rows), str(COLUMNS), str(options.classes), name)
        sources = {
            "X.npy, float32": {"source": "float32"},
            "X.npy, float64": {"source": "float64"},
            "CSV": {"source": "data.csv", "target": "y"},
        }
        print(f"{'source':16} {'peak above idle':>15} {'× array':>8} {'limit':>6} {'s an epoch':>11}")
        for source, data in sources.items():
            peak, seconds = train(folder, data)
            above, limit = peak - idle, LIMITS[source] or ""
            print(f"{source:16} {above:12.0f} MB {above / array:8.2f} {limit:>6} {seconds:11.2f}")
        arguments = [THEIRS, str(folder / "float32"), str(EPOCHS)]
        theirs = run_python("-c", *arguments, OPENBLAS_NUM_THREADS="1")
        print(f"{'scikit-learn':43} {float(theirs.stdout):11.2f}")


if __name__ == "__main__":
    main()
