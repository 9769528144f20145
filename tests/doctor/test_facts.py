from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from fnnctl.doctor import facts as module
from fnnctl.doctor.facts import Blas, Training, machine_facts
from fnnctl.doctor.packages import REQUIRED, Package
from fnnctl.version import __version__


def fail(*arguments: Any, **named: Any) -> Any:
    raise RuntimeError


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "required_and_extras", lambda: ((), ()))


def test_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    facts = machine_facts(tmp_path / "runs", train=lambda: Training(0.5))
    assert (facts.fnnctl, facts.training.seconds) == (__version__, 0.5)
    assert facts.python == ".".join(map(str, sys.version_info[:3]))
    assert facts.processors >= 1
    assert facts.disk is not None
    assert facts.disk.folder == tmp_path
    assert facts.blas.own_kernel is None


@pytest.mark.parametrize("kernel", ["Haswell", None])
def test_a_forced_kernel_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kernel: str | None
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setattr("fnnctl.store.provenance.blas_core", lambda: kernel)
    monkeypatch.setattr(module, "own_kernel", lambda: "SkylakeX")
    blas = machine_facts(tmp_path, train=Training).blas
    assert (blas.kernel, blas.own_kernel) == (kernel, kernel and "SkylakeX")
    assert blas.forced_kernel == kernel


@pytest.mark.parametrize(
    ("name", "threads", "is_measured"),
    [("blas", None, True), ("blas", 2, False), ("scipy-openblas", None, False)],
)
def test_only_a_blas_that_may_be_slow_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, threads: int | None, is_measured: bool
) -> None:
    """If it has functions for its threads, it is OpenBLAS or MKL."""
    monkeypatch.setattr("fnnctl.store.provenance.blas_library", lambda: {"name": name, "version": None})
    monkeypatch.setattr("fnnctl.blas.blas_threads", lambda: threads)
    seconds = machine_facts(tmp_path, train=Training).blas.product_seconds
    assert (seconds is not None and 0 < seconds < 60) == is_measured


def test_the_threads_are_those_of_before_the_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    threads = [7]
    monkeypatch.setattr("fnnctl.blas.blas_threads", lambda: threads[0])

    def train() -> Training:
        threads[0] = 1
        return Training(1.0)

    assert machine_facts(tmp_path, train=train).blas.threads == 7


def test_a_broken_package_is_not_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It might end this process."""
    numpy = Package(REQUIRED[0], "2.4.6", "the import ended with -4")
    monkeypatch.setattr(module, "required_and_extras", lambda: ((numpy,), ()))
    monkeypatch.setattr(module, "_blas", lambda: Blas(threads=3))
    facts = machine_facts(tmp_path, train=lambda: Training(0.5))
    assert (facts.blas, facts.training, facts.numpy) == (Blas(), Training(), "2.4.6")


def test_nothing_can_be_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "usable_processors",
        "processor_quota",
        "available_bytes",
        "disk_of",
        "processor_model",
        "_blas",
    ):
        monkeypatch.setattr(module, name, fail)
    monkeypatch.setattr("platform.platform", fail)
    facts = machine_facts(tmp_path, train=lambda: Training(failure="no memory"))
    assert (facts.blas, facts.processors) == (Blas(), 1)
    assert {facts.platform, facts.processor, facts.quota, facts.memory, facts.disk, facts.numpy} == {None}


def test_parts_of_the_blas_may_be_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("blas_library", "blas_core", "processor_features"):
        monkeypatch.setattr(f"fnnctl.store.provenance.{name}", fail)
    monkeypatch.setattr("fnnctl.blas.blas_threads", lambda: 3)
    assert machine_facts(tmp_path, train=Training).blas == Blas(threads=3)


def test_broken_metadata_are_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from fnnctl.doctor.packages import installed_version

    monkeypatch.setattr(metadata, "version", fail)
    assert installed_version("numpy") is None
