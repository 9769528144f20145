"""The names of `import fnnctl`: all there, typed, and none of them a module's."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import fnnctl
import fnnctl.space

HEAVY = ("numpy", "pydantic", "yaml", "typer", "rich", "matplotlib")


@pytest.mark.parametrize("package", [fnnctl, fnnctl.space], ids=lambda package: package.__name__)
def test_every_public_name_is_there_and_is_no_module(package: object) -> None:
    names = set(package.__all__) - {"__version__"}  # type: ignore[attr-defined]
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}  # type: ignore[attr-defined]
    assert names & modules == set()  # importing a module would replace the name
    for name in names:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'tain'"):
        package.tain  # type: ignore[attr-defined]  # noqa: B018


def test_what_programs_reach_through_the_package() -> None:
    code = "import fnnctl; fnnctl.errors.InputError; fnnctl.space.Uniform; print(dir(fnnctl))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert eval(result.stdout) == sorted([*fnnctl.__all__, "errors", "sklearn", "space"])


def test_importing_the_package_loads_nothing() -> None:
    code = f"import sys, fnnctl; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_a_name_stays_though_modules_are_imported() -> None:
    code = """
import fnnctl
names = {name: getattr(fnnctl, name) for name in fnnctl.__all__}
import fnnctl.cli, fnnctl.commands.train, fnnctl.commands.compare, fnnctl.search.functions
assert all(getattr(fnnctl, name) is value for name, value in names.items())
"""
    subprocess.run([sys.executable, "-c", code], check=True)
