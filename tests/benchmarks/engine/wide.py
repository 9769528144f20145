"""Wide networks, whose time is arithmetic: one with two threads for each library, and one thread or two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.threads import WIDE, default_threads
from tests.benchmarks.engine import ours
from tests.benchmarks.engine.contest import FNNCTL, PRODUCTS, Settings, contend, present
from tests.benchmarks.engine.products import flops
from tests.benchmarks.engine.trained import Trainer
from tests.benchmarks.engine.work import Work
from tests.benchmarks.measuring import interleaved

ROWS, FEATURES, CLASSES, BATCH, HIDDEN = 2560, 784, 10, 256, (1024, 1024)
THREADED_ROWS, THREADED_BATCH = 2000, 200
THREADED = (
    (64, (100,)),
    (64, (100, 100, 100, 100, 100)),
    (784, (100,)),
    (64, (256, 256)),
    (784, (256, 256)),
    (784, (512,)),
    (784, (1024, 1024)),
)
"""Inputs and hidden layers of the networks that `training/threads.py` decides about."""


def wide(settings: Settings) -> None:
    """ms a step, against PyTorch and the bare products."""
    work = clouds(ROWS, FEATURES, HIDDEN, BATCH, epochs=max(1, settings.steps // 60))
    threads = default_threads(ParameterLayout(work.shape))
    print(f"\nWide: {'-'.join(map(str, work.shape.widths))}, batch {work.batch}, {threads} threads")
    peers = present(("PyTorch",))
    with _threads(threads, peers):
        result = contend(work, 1, {name: (peer, 1) for name, peer in peers.items()}, settings.rounds)
    best = result.best
    own, bare = best[FNNCTL].microseconds, best[PRODUCTS].microseconds
    print(f"{'':16} {'ms a step':>9} {'ratio':>6}")
    for name, of_library in best.items():
        milliseconds, ratio = of_library.microseconds / 1e3, of_library.microseconds / own
        print(f"{name:16} {milliseconds:9.2f} {ratio:6.2f} {of_library.way}")
    speed = flops(work) * work.epochs / work.steps / bare / 1e3
    print(f"share of the products' peak ({speed:.0f} GFLOP/s): {bare / own:.2f}", flush=True)


def threads(settings: Settings) -> None:
    """ms a step with one thread and with two: from which number of parameters on do two pay?"""
    print(f"\nThreads\n{'network':28} {'parameters':>10} {'one':>9} {'two':>9} {'ratio':>6}  (ms a step)")
    for inputs, hidden in THREADED:
        work = clouds(THREADED_ROWS, inputs, hidden, THREADED_BATCH, epochs=max(1, settings.steps // 100))
        train = ours.trainer(work, 1)

        def milliseconds(count: int, train: Trainer = train, steps: int = work.steps) -> float:
            with _threads(count, {}):
                return train().seconds / steps * 1e3

        one, two = interleaved({n: partial(milliseconds, n) for n in (1, 2)}, settings.rounds).values()
        size = ParameterLayout(work.shape).size
        name, chosen = "-".join(map(str, work.shape.widths)), 2 if size >= WIDE else 1
        print(f"{name:28} {size:10,} {one:9.2f} {two:9.2f} {one / two:6.2f}  default {chosen}", flush=True)


def clouds(rows: int, features: int, hidden: tuple[int, ...], batch: int, *, epochs: int) -> Work:
    """Classes that are shifted clouds of points."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, rows)
    X = rng.normal(size=(rows, features)) + rng.normal(0.0, 0.3, (CLASSES, features))[y]
    return Work("clouds", X.astype(np.float32), y, CLASSES, hidden, epochs, most_rows=batch)


@contextmanager
def _threads(count: int, peers: dict[str, ModuleType]) -> Iterator[None]:
    def set_all(threads: int) -> None:
        set_blas_threads(threads)
        for peer in peers.values():
            peer.set_threads(threads)

    set_all(count)
    try:
        yield
    finally:
        set_all(1)
        time.sleep(0.5)  # threads that wait for work look for it busily at first
