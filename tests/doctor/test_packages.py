from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from fnnctl.doctor import packages
from fnnctl.doctor.packages import EXTRAS, REQUIRED, Extra, Package, Requirement, packages_here
from fnnctl.doctor.subprocesses import Answer
from tests.sources import ROOT


def test_packages_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [requirement.specifier for requirement in REQUIRED] == project["dependencies"]
    optional = {name: extra for name, extra in project["optional-dependencies"].items() if name in EXTRAS}
    assert {name: [one.specifier for one in extra] for name, extra in EXTRAS.items()} == optional


@pytest.mark.parametrize(
    ("version", "lowest", "is_too_old"),
    [
        ("2.0.2", "2.1", True),
        ("2.1", "2.1", False),
        ("2.1.0rc1", "2.1", False),
        ("2.10", "2.9", False),
        ("6", "6.0", False),
        ("0.3.1", "0.3.2", True),
        ("1!3.0+local", "2.0", True),  # an epoch, of which nothing is known
        ("unknown", "2.1", True),
    ],
)
def test_versions_are_compared_by_number(version: str, lowest: str, is_too_old: bool) -> None:
    package = Package(Requirement("x", lowest, "x"), version)
    assert package.is_too_old == is_too_old
    assert package.is_usable == (not is_too_old)


@pytest.mark.parametrize(
    "asked",
    [REQUIRED[-1:], pytest.param([EXTRAS["onnx"][1], EXTRAS["mlflow"][0]], marks=pytest.mark.extra)],
)
def test_imports_leave_no_files(
    asked: Sequence[Requirement], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matplotlib would keep a list of fonts, and ONNX Runtime and MLflow an id of the machine."""
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(packages, "sys", SimpleNamespace(modules={}))  # this process has imported some
    assert [package.failure for package in packages_here(asked)] == [None] * len(asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "failure", "is_slow"),
    [
        (None, None, False),  # no process could be started, so that nothing is known
        (Answer("", None), None, True),
        (Answer("printed\nImportError: x", 1), "ImportError: x", False),
    ],
)
def test_an_import_that_does_not_end_is_slow(
    monkeypatch: pytest.MonkeyPatch, answer: Answer | None, failure: str | None, is_slow: bool
) -> None:
    monkeypatch.setattr(packages, "installed_version", lambda package: "1.5")
    monkeypatch.setattr(packages, "answers_of", lambda codes, environment: [answer])
    (package,) = packages_here([Requirement("slow", "1.0", "no_such_module")])
    assert (package.failure, package.is_slow) == (failure, is_slow)
    assert package.is_usable == (answer is None)


def test_each_package_as_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed are `whole`, `broken`, and `killed`, whose library ends the process."""
    modules = {"whole": "", "broken": "import no_such_library", "killed": "import os; os.abort()"}
    for name, code in modules.items():
        (tmp_path / f"{name}.py").write_text(code)
        metadata = tmp_path / f"{name}-1.5.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    whole, broken, killed, missing = packages_here(
        [Requirement(name, "1.0", name) for name in (*modules, "missing")]
    )
    assert (whole.version, whole.failure, whole.is_usable) == ("1.5", None, True)
    assert broken.failure == "ModuleNotFoundError: No module named 'no_such_library'"
    assert killed.failure == "the import ended with " + ("3" if sys.platform == "win32" else "SIGABRT")
    assert (missing.version, missing.failure, missing.is_usable) == (None, None, False)
    assert Extra("some", (whole, missing)).to_dict() == {
        "usable": False,
        "packages": {"whole": "1.5", "missing": None},
        "needs": ["missing>=1.0"],
    }
