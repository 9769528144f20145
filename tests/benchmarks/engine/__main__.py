"""How fast the engine trains, beside scikit-learn, PyTorch and JAX as far as they are installed.

    python -m tests.benchmarks.engine [--quick] [--alone] [--stacked] [--wide] [--threads] [--sizes]
        [--cross-validation] [--source NAME …] [--network NAME …] [--processor-time]

Without the name of a section all of them. The contenders of a row take turns; the figures are medians. On a
machine that is busy with other things --processor-time says more, of the sections that have one thread.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"):
    os.environ[variable] = "1"  # XLA makes as many threads as NPROC says
os.environ["PYTHONWARNINGS"] = "ignore::UserWarning"  # of scikit-learn's workers, which do not converge

import argparse
from collections.abc import Sequence

from fnnctl.blas import set_blas_threads
from fnnctl.processors import processor_model, usable_processors
from fnnctl.store.provenance import blas_core, blas_library
from tests.benchmarks.engine.cells import alone, stacked
from tests.benchmarks.engine.contest import Settings
from tests.benchmarks.engine.folds import cross_validation
from tests.benchmarks.engine.sizes import sizes
from tests.benchmarks.engine.wide import threads, wide
from tests.benchmarks.engine.work import NETWORKS, SOURCES
from tests.benchmarks.measuring import CLOCK

SECTIONS = {
    "alone": alone,
    "stacked": stacked,
    "wide": wide,
    "threads": threads,
    "sizes": sizes,
    "cross_validation": cross_validation,
}
SEVERAL_THREADS = ("wide", "threads", "cross_validation")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, steps and epochs")
    parser.add_argument("--source", nargs="*", default=SOURCES, choices=SOURCES)
    parser.add_argument("--network", nargs="*", default=tuple(NETWORKS), choices=tuple(NETWORKS))
    for name in SECTIONS:
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true")
    parser.add_argument("--processor-time", action="store_true", help="not the time that others took")
    given = parser.parse_args(words)
    chosen = [name for name in SECTIONS if getattr(given, name)] or list(SECTIONS)
    if given.processor_time:
        CLOCK.count_processor_time()
        chosen = [name for name in chosen if name not in SEVERAL_THREADS]
        if not chosen:
            parser.error("--processor-time says nothing of several threads")
    settings = Settings(
        rounds=3 if given.quick else 5,
        steps=60 if given.quick else 200,
        epochs=20 if given.quick else 200,
        sources=tuple(given.source),
        networks=tuple(given.network),
    )
    print(f"{processor_model()}, {usable_processors()} processors, ", end="")
    print(f"load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "load unknown")
    blas, forced = blas_library(), os.environ.get("OPENBLAS_CORETYPE")
    print(f"NumPy's BLAS: {blas['name']} {blas['version']}, kernels for {blas_core()}", end="")
    print(f", as OPENBLAS_CORETYPE says: {forced}" if forced else "")
    set_blas_threads(1)
    for name in chosen:
        SECTIONS[name](settings)


if __name__ == "__main__":
    main()
