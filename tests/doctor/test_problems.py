from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnnctl.doctor import problems
from fnnctl.doctor.facts import Blas, Facts, Training
from fnnctl.doctor.packages import EXTRAS, REQUIRED, Extra, Package, Requirement
from fnnctl.doctor.problems import problems_of
from fnnctl.reference.pages import page_text
from fnnctl.store.disk import Disk
from tests.messages import Messages

DISK = Disk(
    folder=Path("/home/me"),
    failure=None,
    has_locks=True,
    free_bytes=10**10,
    file_system="ext4",
    is_network=False,
)
BLAS = Blas(
    name="scipy-openblas", version="0.3.31", threads=4, kernel="SkylakeX", features=("X86_V3", "X86_V4")
)
HEALTHY = Facts(
    fnnctl="0.14.0",
    python="3.11.7",
    platform="Linux",
    packages=tuple(Package(requirement, requirement.lowest) for requirement in REQUIRED),
    extras=tuple(
        Extra(name, tuple(Package(requirement, None) for requirement in extra))
        for name, extra in EXTRAS.items()
    ),
    blas=BLAS,
    processor="a processor",
    processors=4,
    quota=None,
    memory=8 * 10**9,
    disk=DISK,
    training=Training(0.8),
)
PYARROW = EXTRAS["parquet"][0]


def with_packages(*packages: Package) -> dict[str, Any]:
    return {"extras": (Extra("parquet", packages),)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"blas": replace(BLAS, own_kernel="SkylakeX")},
        {"blas": replace(BLAS, kernel="Zen", own_kernel="Haswell")},
        {"blas": Blas(name="accelerate")},
        {"blas": Blas(name="blas", product_seconds=0.2)},  # BLIS and Accelerate of conda call themselves so
        {"blas": replace(BLAS, threads=1)},
        {"quota": 4.0},
        {"quota": 3.5},  # four workers have most of the time
        {"disk": None, "memory": None, "platform": None, "processor": None, "blas": Blas()},
        {"training": Training(600.0)},  # it may be a slow machine
    ],
)
def test_a_healthy_machine_has_no_problems(changes: dict[str, Any]) -> None:
    assert problems_of(replace(HEALTHY, **changes)) == ()


CASES: dict[str, dict[str, Any]] = {
    "forced_kernel": {
        "blas": replace(BLAS, forced_kernel="Prescott", kernel="Katmai", own_kernel="SkylakeX")
    },
    "old_kernel": {"blas": replace(BLAS, kernel="Nehalem")},
    "slow_blas": {"blas": Blas(name="blas", product_seconds=4.21)},
    "processor_quota": {"quota": 1.5},
    "little_memory": {"memory": 300_000_000},
    "unwritable_runs": {"disk": replace(DISK, failure="Read-only file system", has_locks=None, free_bytes=0)},
    "network_runs": {"disk": replace(DISK, file_system="nfs4", is_network=True)},
    "no_locks": {"disk": replace(DISK, has_locks=False)},
    "full_disk": {"disk": replace(DISK, free_bytes=120_000_000)},
    "old_package": with_packages(Package(PYARROW, "12.0.1")),
    "broken_package": with_packages(Package(PYARROW, "20.0", "ImportError: libarrow.so")),
    "slow_package": with_packages(Package(PYARROW, "20.0", is_slow=True)),
    "missing_package": {"packages": (*HEALTHY.packages[:-1], Package(REQUIRED[-1], None))},
    "training_failed": {"training": Training(failure="MemoryError")},
}


@pytest.mark.parametrize("kind", CASES)
def test_what_is_wrong_and_what_to_do(kind: str, messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/usr/bin/python3")
    monkeypatch.setattr("fnnctl.text._has_pip", lambda: True)
    (problem,) = problems_of(replace(HEALTHY, **CASES[kind]))
    assert problem.to_dict() == {"kind": kind, "what": problem.what, "advice": problem.advice}
    messages.check(problem)


def test_the_page_lists_every_kind_once() -> None:
    """Scripts tell problems apart by them."""
    kinds = {*re.findall(r'MachineProblem\(\s*"(\w+)"', inspect.getsource(problems))}
    assert kinds == CASES.keys()
    section = page_text("machines").partition("## Several machines")[0]
    listed = re.findall(r"`([a-z]+_[a-z]+)`", section)
    assert sorted(listed) == sorted(kinds)


@pytest.mark.parametrize("broken", REQUIRED, ids=[requirement.package for requirement in REQUIRED])
@pytest.mark.parametrize(
    ("version", "failure", "kind"),
    [
        ("99", "ImportError: no library", "broken_package"),
        ("0.1", None, "old_package"),
        (None, None, "missing_package"),
    ],
)
def test_of_a_required_package_that_fails_only_it_is_named(
    broken: Requirement, version: str | None, failure: str | None, kind: str
) -> None:
    """What imports it fails with it."""
    packages = tuple(
        Package(broken, version, failure) if package.requirement == broken else package
        for package in HEALTHY.packages
    )
    machine = replace(
        HEALTHY, packages=packages, training=Training(), **with_packages(Package(PYARROW, "20.0", failure))
    )
    (problem,) = problems_of(machine)
    assert (problem.kind, broken.package in problem.what) == (kind, True)


def test_without_numpy_what_is_missing_or_old_is_named_but_not_what_fails_without_it() -> None:
    failures = {"numpy": None, "pyyaml": None, "rich": "0.1"}
    packages = tuple(
        Package(requirement, failures.get(requirement.package, "99"), "ImportError: no numpy")
        for requirement in REQUIRED
    )
    problems = problems_of(replace(HEALTHY, packages=packages, training=Training()))
    assert [problem.what.split()[0] for problem in problems] == ["numpy", "pyyaml", "rich"]


def test_a_process_that_may_take_less_than_one_processor_uses_one_worker() -> None:
    (problem,) = problems_of(replace(HEALTHY, quota=0.5))
    assert "--workers 1," in problem.advice


def test_a_requirement_is_quoted_for_a_shell() -> None:
    package = Package(Requirement("x", "2.0", "x"), "1.0")
    (problem,) = problems_of(replace(HEALTHY, **with_packages(package)))
    assert "pip install 'x>=2.0'" in problem.advice
