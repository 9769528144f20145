"""One network at a time against scikit-learn's MLPClassifier: the same data, epochs, batches and optimizer.

    python -m tests.benchmarks.alone

float32, hidden 100, Adam, batch 200, one BLAS thread, runs interleaved. Prints medians and ratios.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.trainer import train_stack

HIDDEN, BATCH, RUNS = 100, 200, 7


def train_ours(X: FloatArray, y: IntArray, epochs: int, *, watch: bool) -> None:
    examples = Examples(np.hstack([X, np.ones((len(X), 1), X.dtype)]), y)
    shape = NetworkShape(X.shape[1], (HiddenShape(HIDDEN, "relu"),), int(y.max()) + 1)
    member = Member(
        seed=0,
        epochs=epochs,
        learning_rate=0.001,
        l2=1e-4 / BATCH,
        train_rows=np.arange(len(X)),
        validation_rows=np.arange(0),
        initializers=("glorot_uniform", "glorot_uniform"),
        optimizer_numbers={"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    )
    train_stack(StackSettings(shape, "adam", min(BATCH, len(X))), [member], examples, watch=watch)


def train_theirs(X: FloatArray, y: IntArray, epochs: int) -> None:
    model = MLPClassifier((HIDDEN,), max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    if model.n_iter_ != epochs:
        raise RuntimeError(f"scikit-learn trained {model.n_iter_} epochs, not {epochs}")


def seconds(train: Callable[[], None]) -> float:
    begun = time.perf_counter()
    train()
    return time.perf_counter() - begun


def main() -> None:
    print(
        f"{'data':8} {'steps':>6} {'scikit-learn':>13} {'fnnctl':>8} {'ratio':>6} {'watched':>8} {'ratio':>6}"
    )
    print(f"{'':8} {'':>6} {'µs a step':>13} {'':>8} {'':>6} {'':>8}")
    for name, load, epochs in (("iris", load_iris, 400), ("digits", load_digits, 60)):
        data = load()
        X = StandardScaler().fit_transform(data.data).astype(np.float32)
        y = data.target.astype(np.intp)
        contenders: list[Callable[[], None]] = [
            lambda X=X, y=y, epochs=epochs: train_theirs(X, y, epochs),  # type: ignore[misc]
            lambda X=X, y=y, epochs=epochs: train_ours(X, y, epochs, watch=False),  # type: ignore[misc]
            lambda X=X, y=y, epochs=epochs: train_ours(X, y, epochs, watch=True),  # type: ignore[misc]
        ]
        times = [[seconds(train) for train in contenders] for _ in range(RUNS + 1)][1:]
        steps = epochs * -(-len(X) // BATCH)
        theirs, ours, watched = (
            statistics.median(column) / steps * 1e6 for column in zip(*times, strict=True)
        )
        print(
            f"{name:8} {steps:6} {theirs:13.0f} {ours:8.0f} {theirs / ours:6.1f}"
            f" {watched:8.0f} {theirs / watched:6.1f}"
        )


if __name__ == "__main__":
    main()
