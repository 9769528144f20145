"""A wide network, whose time is arithmetic: 784-1024-1024-10, batch 256, two threads for each library."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.threads import default_threads
from tests.benchmarks.engine.contest import FNNCTL, PRODUCTS, Settings, contend, present
from tests.benchmarks.engine.products import flops
from tests.benchmarks.engine.work import Work

ROWS, FEATURES, CLASSES, BATCH, HIDDEN = 2560, 784, 10, 256, (1024, 1024)


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
