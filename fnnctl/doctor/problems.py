"""What is wrong with a machine, or slow there, and what to do about it: a function of the facts alone."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from fnnctl.doctor.facts import Blas, Facts
from fnnctl.doctor.kernels import KERNEL_VARIABLE, is_behind, is_older
from fnnctl.doctor.packages import Package
from fnnctl.doctor.subprocesses import SECONDS
from fnnctl.store.disk import Disk
from fnnctl.text import bytes_text, install_command

LEAST_MEMORY: Final = 500 * 10**6
"""A worker takes about 100 MB, and a table its own size several times."""
LEAST_DISK: Final = 500 * 10**6
"""A search's checkpoints may take so much."""
LONGEST_PRODUCT: Final = 1.0
"""Processor seconds of a product of matrices with 1,000 rows and columns: a fast BLAS takes at most 0.1 s."""


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """Something that is wrong, or slower than it need be."""

    kind: str
    what: str
    advice: str
    """What to do about it."""

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """As `doctor --json` has it."""
        return asdict(self)


def problems_of(facts: Facts) -> tuple[MachineProblem, ...]:
    """Everything that is wrong; empty on a healthy machine."""
    return tuple(_problems(facts))


def _problems(facts: Facts) -> Iterator[MachineProblem]:
    yield from _of_packages(facts)
    yield from _of_blas(facts.blas)
    yield from _of_processors(facts)
    if facts.memory is not None and facts.memory < LEAST_MEMORY:
        what = f"{bytes_text(facts.memory)} of memory are available"
        yield MachineProblem("little_memory", what, "end other programs, or use fewer workers (--workers 1)")
    if facts.disk is not None:
        yield from _of_disk(facts.disk)


def _of_packages(facts: Facts) -> Iterator[MachineProblem]:
    unusable = [package for package in facts.packages if not package.is_usable]
    if unusable:  # the extras import these, and fail with them
        has_numpy = unusable[0].requirement.package != "numpy"
        for package in unusable:
            is_cause = has_numpy or package is unusable[0]  # Matplotlib cannot be imported without NumPy
            if is_cause or package.version is None or package.is_too_old:
                yield from _of_package(package, is_required=True)
        return
    for extra in facts.extras:
        for package in extra.packages:
            yield from _of_package(package, is_required=False)
    if facts.training.failure is not None:
        what = f"no network can be trained ({facts.training.failure})"
        advice = "fix what else is listed here; if nothing is, please report this as a bug"
        yield MachineProblem("training_failed", what, advice)


def _of_package(package: Package, *, is_required: bool) -> Iterator[MachineProblem]:
    requirement = package.requirement
    name = requirement.package
    install = f"run `{install_command(shlex.quote(requirement.specifier))}`"
    if package.version is None:
        if is_required:
            yield MachineProblem("missing_package", f"{name} is not installed", install)
    elif package.is_too_old:
        what = f"{name} {package.version} is older than {requirement.lowest}"
        yield MachineProblem("old_package", what, install)
    elif package.failure is not None:
        what = f"{name} {package.version} cannot be imported ({package.failure})"
        # What it depends on is installed again, too, as a failed import does not say which of them is broken.
        yield MachineProblem("broken_package", what, _again(f"--no-cache-dir {name}=={package.version}"))
    elif package.is_slow:
        what = f"{name} {package.version} takes more than {SECONDS:.0f} s to import"
        yield MachineProblem("slow_package", what, "try again when the machine and its disks have less to do")


def _again(package: str) -> str:
    """The advice to install a package again, the name of which may follow options."""
    return f"run `{install_command(f'--force-reinstall {package}')}`"


def _of_blas(blas: Blas) -> Iterator[MachineProblem]:
    wheel = _again("--only-binary numpy numpy")
    if blas.product_seconds is not None and blas.product_seconds > LONGEST_PRODUCT:
        what = f"NumPy has no fast BLAS, as a matrix product took {blas.product_seconds:.1f} s, not 0.1 s"
        yield MachineProblem("slow_blas", what, wheel)
    if blas.kernel is None:
        return
    if blas.own_kernel is not None and is_older(blas.kernel, blas.own_kernel):
        what = (
            f"{KERNEL_VARIABLE}={blas.forced_kernel} makes OpenBLAS use its kernels for {blas.kernel}, which "
            f"are slower here than those for {blas.own_kernel}"
        )
        advice = f"unset {KERNEL_VARIABLE}, unless runs must have the bits of another machine"
        yield MachineProblem("forced_kernel", what, advice)
    elif blas.own_kernel is None and is_behind(blas.kernel, blas.features):
        what = (
            f"OpenBLAS {blas.version or ''}".rstrip() + f" uses its kernels for {blas.kernel}, without AVX2"
        )
        yield MachineProblem("old_kernel", f"{what}, which this processor has", wheel)


def _of_processors(facts: Facts) -> Iterator[MachineProblem]:
    processors, quota = facts.processors, facts.quota
    if quota is not None and math.ceil(quota) < processors:
        what = (
            f"this container may use {processors} processors, but only the time of {quota:.3g}, so that "
            "workers wait for one another"
        )
        advice = f"use --workers {math.ceil(quota)}, or give the container whole processors"
        yield MachineProblem("processor_quota", what, advice)


def _of_disk(disk: Disk) -> Iterator[MachineProblem]:
    elsewhere = "write elsewhere (--runs-dir, FNNCTL_RUNS_DIR)"
    if disk.failure is not None:
        what = f"runs cannot be written in {disk.folder} ({disk.failure})"
        yield MachineProblem("unwritable_runs", what, f"change that, or {elsewhere}")
    if disk.is_network:
        what = f"runs are written to a network or shared file system ({disk.file_system}), which is slow"
        yield MachineProblem(
            "network_runs", what, "keep them on a disk of this machine (--runs-dir, FNNCTL_RUNS_DIR)"
        )
    elif disk.has_locks is False:
        what = f"the file system of {disk.folder} has no locks, so that runs that died count as running"
        yield MachineProblem("no_locks", what, elsewhere)
    if disk.failure is None and disk.free_bytes is not None and disk.free_bytes < LEAST_DISK:
        what = f"{bytes_text(disk.free_bytes)} are free on the disk of {disk.folder}"
        advice = f"delete what is not needed (`fnnctl runs prune`), or {elsewhere}"
        yield MachineProblem("full_disk", what, advice)
