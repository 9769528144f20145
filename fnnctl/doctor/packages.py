"""The packages that fnnctl imports, and those that it can use: which are there, new enough, and not broken.

A package may be installed and broken: built for another NumPy or another processor, or half deleted. So each
is imported, in a process of its own, which a broken library may end. Some libraries write files and send
usage data when they are imported; they are kept from both.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from fnnctl.doctor.subprocesses import Answer, answers_of


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that is installed by its name, and imported by that of a module."""

    package: str
    lowest: str
    """The lowest version, as in pyproject.toml."""
    module: str

    @property
    def specifier(self) -> str:
        """What pip installs, such as `pyarrow>=17.0`."""
        return f"{self.package}>={self.lowest}"


REQUIRED: Final = (
    Requirement("numpy", "2.1", "numpy"),
    Requirement("typer", "0.28", "typer"),
    Requirement("pydantic", "2.9", "pydantic"),
    Requirement("pyyaml", "6.0", "yaml"),
    Requirement("rich", "13.8", "rich"),
    Requirement("matplotlib", "3.9", "matplotlib.figure"),
)
EXTRAS: Final[Mapping[str, Sequence[Requirement]]] = {
    "dask": (Requirement("distributed", "2025.1", "distributed"),),
    "parquet": (Requirement("pyarrow", "17.0", "pyarrow.parquet"),),
    "excel": (Requirement("python-calamine", "0.3.2", "python_calamine"),),
    "sklearn": (Requirement("scikit-learn", "1.6", "sklearn.base"),),
    "onnx": (Requirement("onnx", "1.17", "onnx"), Requirement("onnxruntime", "1.20", "onnxruntime")),
    "mlflow": (
        Requirement("mlflow-skinny", "3.1", "mlflow"),
        Requirement("sqlalchemy", "2.0", "sqlalchemy"),
        Requirement("alembic", "1.13", "alembic"),
    ),
}
"""The optional packages by the name of the extra of pyproject.toml, for users of fnnctl."""
_NO_FILES: Final = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",
    "MPLCONFIGDIR": os.devnull,  # Matplotlib keeps its list of fonts in a temporary folder then
}
"""Variables without which libraries send usage data, and write files into the user's folders."""
_IMPORT: Final = """\
import importlib
try:
    importlib.import_module({module!r})
except BaseException as error:
    print(f"{{type(error).__name__}}: {{error}}")
    raise SystemExit(1)
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A required or optional package, as it is here."""

    requirement: Requirement
    version: str | None
    """None if it is not installed."""
    failure: str | None = None
    """Why it cannot be imported; None if it can, or is not installed."""
    is_slow: bool = False
    """Whether its import did not end in time."""

    @property
    def is_too_old(self) -> bool:
        """Whether it is installed in a version that is too low."""
        return self.version is not None and _numbers(self.version) < _numbers(self.requirement.lowest)

    @property
    def is_usable(self) -> bool:
        """Whether it is there, new enough and not broken."""
        return not (self.version is None or self.is_too_old or self.failure is not None or self.is_slow)


@dataclass(frozen=True, slots=True)
class Extra:
    """The packages of an extra."""

    name: str
    packages: tuple[Package, ...]

    @property
    def is_usable(self) -> bool:
        """Whether all its packages are."""
        return all(package.is_usable for package in self.packages)

    def to_dict(self) -> dict[str, object]:
        """As `doctor --json` has it."""
        return {
            "usable": self.is_usable,
            "packages": {package.requirement.package: package.version for package in self.packages},
            "needs": [package.requirement.specifier for package in self.packages if not package.is_usable],
        }


def required_and_extras() -> tuple[tuple[Package, ...], tuple[Extra, ...]]:
    """All required packages, and all extras with theirs; those that are installed are imported."""
    requirements = [*REQUIRED, *(requirement for extra in EXTRAS.values() for requirement in extra)]
    packages = {package.requirement: package for package in packages_here(requirements)}
    extras = (Extra(name, tuple(map(packages.__getitem__, extra))) for name, extra in EXTRAS.items())
    return tuple(map(packages.__getitem__, REQUIRED)), tuple(extras)


def packages_here(requirements: Sequence[Requirement]) -> list[Package]:
    """Each package as it is here; those that are installed are imported, unless this process has."""
    versions = {requirement: installed_version(requirement.package) for requirement in requirements}
    unproven = [
        requirement
        for requirement, version in versions.items()
        if version is not None and requirement.module not in sys.modules
    ]
    codes = [_IMPORT.format(module=requirement.module) for requirement in unproven]
    answers = dict(zip(unproven, answers_of(codes, _NO_FILES), strict=True))
    return [
        _package(requirement, version, answers.get(requirement)) for requirement, version in versions.items()
    ]


def installed_version(package: str) -> str | None:
    """The version of an installed package; None if it is not there, or says none."""
    try:
        return metadata.version(package) or None
    except Exception:  # broken metadata fail in many ways
        return None


def _package(requirement: Requirement, version: str | None, answer: Answer | None) -> Package:
    """A package by the answer of its import; None if it was not imported: nothing is known against it."""
    if answer is None or answer.code == 0:
        return Package(requirement, version)
    if answer.code is None:
        return Package(requirement, version, is_slow=True)
    if answer.text:
        return Package(requirement, version, answer.text.splitlines()[-1])
    return Package(requirement, version, f"the import ended with {_end_text(answer.code)}")


def _end_text(code: int) -> str:
    """An exit code, or the name of the signal that ended a process, such as SIGILL."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return str(code)


def _numbers(version: str) -> list[int]:
    """The numbers of a release, such as [3, 11] of `3.11rc1`, which counts as the release itself."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else [0]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return numbers
