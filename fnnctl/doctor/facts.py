"""What is known of this machine, as one value. A fact that cannot be found is None; nothing is raised.

A broken NumPy may end the process that imports it, so it is imported here only after a process of its own
could import it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from fnnctl.doctor.kernels import KERNEL_VARIABLE, own_kernel
from fnnctl.doctor.packages import Extra, Package, required_and_extras
from fnnctl.memory import available_bytes
from fnnctl.processors import processor_model, processor_quota, usable_processors
from fnnctl.store.disk import Disk, disk_of
from fnnctl.version import __version__

PLAIN_NAMES: Final = frozenset({"none", "blas", "cblas", "lapack_lite"})
"""Names that NumPy has for its own loops, for the reference BLAS, and for fast ones that take its place."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blas:
    """The library of NumPy's matrix products."""

    name: str | None = None
    version: str | None = None
    threads: int | None = None
    kernel: str | None = None
    """The processor type whose kernels it uses; None if it does not say, as only OpenBLAS does."""
    forced_kernel: str | None = None
    """What the variable that forces one says; None if none is set."""
    own_kernel: str | None = None
    """What it would choose without the variable that forces one; None if none is set, or it is unknown."""
    features: Sequence[str] = ()
    """The processor's instruction sets, as NumPy calls them."""
    product_seconds: float | None = None
    """Processor time of a product of matrices with 1,000 rows and columns; None if its name is a fast one."""


@dataclass(frozen=True, slots=True)
class Training:
    """A small network that was trained."""

    seconds: float | None = None
    """None if it failed, or was not tried, as a required package is not usable."""
    failure: str | None = None
    """Why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What fnnctl works with here."""

    fnnctl: str
    python: str
    platform: str | None
    packages: tuple[Package, ...]
    """The required ones."""
    extras: tuple[Extra, ...]
    blas: Blas
    processor: str | None
    """Its name."""
    processors: int
    """How many this process may use."""
    quota: float | None
    """How many processors' time a container may take; None without such a limit."""
    memory: int | None
    """The bytes that a process can still allocate."""
    disk: Disk | None
    """That of the runs."""
    training: Training

    @property
    def numpy(self) -> str | None:
        """Its version."""
        return next(
            (package.version for package in self.packages if package.requirement.package == "numpy"), None
        )


def machine_facts(runs_dir: Path, *, train: Callable[[], Training]) -> Facts:
    """Look at this machine, and at the disk of the folder of runs; `train` trains a small network."""
    packages, extras = required_and_extras()
    blas, training = Blas(), Training()
    if all(package.is_usable for package in packages):
        blas = _known(_blas) or Blas()  # before the training, which sets the number of threads
        training = train()
    return Facts(
        fnnctl=__version__,
        python=platform.python_version(),
        platform=_known(platform.platform),
        packages=packages,
        extras=extras,
        blas=blas,
        processor=_known(processor_model),
        processors=_known(usable_processors) or 1,
        quota=_known(processor_quota),
        memory=_known(available_bytes),
        disk=_known(lambda: disk_of(runs_dir)),
        training=training,
    )


def _known(find: Callable[[], T]) -> T | None:
    """A fact; None if it cannot be found, in whatever way that fails in a broken environment."""
    try:
        return find()
    except Exception:
        return None


def _blas() -> Blas:
    from fnnctl.blas import blas_threads
    from fnnctl.store.provenance import blas_core, blas_library, processor_features

    library: dict[str, Any] = _known(blas_library) or {}
    kernel, threads = _known(blas_core), _known(blas_threads)
    forced_kernel = (os.environ.get(KERNEL_VARIABLE) or None) if kernel else None
    return Blas(
        name=library.get("name"),
        version=library.get("version"),
        threads=threads,
        kernel=kernel,
        forced_kernel=forced_kernel,
        own_kernel=own_kernel() if forced_kernel else None,
        features=_known(processor_features) or (),
        product_seconds=_product_seconds() if library.get("name") in PLAIN_NAMES and not threads else None,
    )


def _product_seconds() -> float:
    import numpy as np

    matrix = np.ones((1000, 1000), np.float32)
    started = time.process_time()
    matrix @ (matrix + 1)
    return time.process_time() - started
