"""Imports go down only, and what is heavy or dangerous stays in its one room."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fnnctl

ROOT = Path(fnnctl.__file__).parent
LEVELS = {
    "cli": 6,
    "commands": 5,
    "report": 4, "search": 4, "training": 4, "executors": 4,
    "nn": 3, "data": 3, "metrics": 3, "store": 3, "plots": 3,
    "config": 2,
    "errors": 1,
    "arrays": 0,
    "blas": 0,
    "text": 0,
}  # fmt: skip
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__main__.py")


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "fnnctl" and len(parts) > 1 and parts[1] in LEVELS else None


def own_room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = own_room(path)
    if here == "__init__":
        return
    for module in imported(path):
        there = room(module)
        if there is not None and there != here:
            assert LEVELS[there] < LEVELS[here], f"{here} imports {module}"


def test_every_room_has_a_level() -> None:
    assert {own_room(path) for path in FILES} - {"__init__"} <= set(LEVELS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_third_parties_stay_in_their_rooms(path: Path) -> None:
    here = own_room(path)
    for module in imported(path):
        top = module.split(".")[0]
        assert top not in {"click", "scipy", "sklearn", "pandas", "pickle"}, f"{path.name} imports {module}"
        if top == "matplotlib":
            assert here == "plots"
        if here == "nn" and top not in {"numpy", "fnnctl"}:
            assert top in sys.stdlib_module_names
        if here == "nn" and room(module):
            assert room(module) in {"nn", "errors", "arrays"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_written_by_the_store_alone(path: Path) -> None:
    """No other room opens a file to write, or calls what writes one."""
    if own_room(path) == "store":
        return
    writers = {"write_text", "write_bytes", "mkdir", "unlink", "rename", "tofile", "savez"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in writers, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            modes = [argument.value for argument in node.args[1:2] if isinstance(argument, ast.Constant)]
            assert not any(set(str(mode)) & set("wax+") for mode in modes), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"code = run({arguments!r})\n"
        "heavy = {'numpy', 'matplotlib', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {code}' if heavy or code else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
