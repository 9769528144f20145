"""From which size on two threads a matrix product pay: the figures behind `training/threads.py`.

python -m tests.benchmarks.threads
"""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.blas import set_blas_threads
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.threads import WIDE
from tests.benchmarks.engine import ours
from tests.benchmarks.engine.wide import clouds
from tests.benchmarks.engine.work import Work
from tests.benchmarks.measuring import interleaved

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


def milliseconds_a_step(work: Work, threads: int) -> Callable[[], float]:
    train = ours.trainer(work, 1)

    def measure() -> float:
        set_blas_threads(threads)
        return train().seconds / work.steps * 1e3

    return measure


def main() -> None:
    print(f"{'network':28} {'parameters':>10} {'1 thread':>9} {'2 threads':>9} {'ratio':>6}  (ms a step)")
    for inputs, hidden in NETWORKS:
        work = clouds(ROWS, inputs, hidden, BATCH, epochs=EPOCHS)
        one, two = interleaved({count: milliseconds_a_step(work, count) for count in (1, 2)}, RUNS).values()
        size = ParameterLayout(work.shape).size
        chosen = 2 if size >= WIDE else 1
        name = "-".join(map(str, work.shape.widths))
        print(f"{name:28} {size:10,} {one:9.2f} {two:9.2f} {one / two:6.2f}  default {chosen}")


if __name__ == "__main__":
    main()
