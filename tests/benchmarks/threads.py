"""From which size on two threads a matrix product pay: the figures behind `training/threads.py`.

python -m tests.benchmarks.threads
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.threads import WIDE, set_blas_threads
from fnnctl.training.trainer import train_stack

ROWS, BATCH, EPOCHS, RUNS = 2000, 200, 2, 5
NETWORKS = (
    (64, (100,)),
    (64, (100, 100, 100, 100, 100)),
    (784, (100,)),
    (64, (256, 256)),
    (784, (256, 256)),
    (784, (512,)),
    (784, (1024, 1024)),
)


def milliseconds_a_step(inputs: int, hidden: tuple[int, ...], threads: int) -> float:
    rng = np.random.default_rng(0)
    pool = np.hstack([rng.normal(size=(ROWS, inputs)), np.ones((ROWS, 1))]).astype(np.float32)
    shape = NetworkShape(inputs, tuple(HiddenShape(units, "relu") for units in hidden), 10)
    layers = len(hidden)
    member = Member(
        seed=0,
        epochs=EPOCHS,
        learning_rate=0.001,
        l2=1e-4,
        train_rows=np.arange(ROWS),
        validation_rows=np.arange(0),
        initializers=("he_uniform",) * (layers + 1),
        optimizer_numbers={"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    )
    set_blas_threads(threads)
    begun = time.perf_counter()
    train_stack(StackSettings(shape, "adam", BATCH), [member], Examples(pool, rng.integers(0, 10, ROWS)))
    return (time.perf_counter() - begun) / (EPOCHS * ROWS / BATCH) * 1e3


def main() -> None:
    print(f"{'network':28} {'parameters':>10} {'1 thread':>9} {'2 threads':>9} {'ratio':>6}  (ms a step)")
    for inputs, hidden in NETWORKS:
        shape = NetworkShape(inputs, tuple(HiddenShape(units, "relu") for units in hidden), 10)
        size = ParameterLayout(shape).size
        runs = [[milliseconds_a_step(inputs, hidden, threads) for threads in (1, 2)] for _ in range(RUNS)]
        one, two = (statistics.median(column) for column in zip(*runs, strict=True))
        chosen = 2 if size >= WIDE else 1
        name = "-".join(map(str, shape.widths))
        print(f"{name:28} {size:10,} {one:9.2f} {two:9.2f} {one / two:6.2f}  default {chosen}")


if __name__ == "__main__":
    main()
