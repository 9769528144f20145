"""Imports go down only, siblings do not import one another, and some libraries are imported in one file."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import fnnctl
from fnnctl.tasks.reports import TASK_REPORTS

ROOT = Path(fnnctl.__file__).parent
LEVELS = {
    "cli": 10,
    "commands": 9,
    "console": 8, "runs": 8, "stacks": 8, "search": 8, "report": 8,
    "modelling": 7, "executors": 7, "records": 7,
    "training": 6, "plots": 6,
    "tasks": 5,
    "nn": 4, "data": 4, "metrics": 4, "store": 4,
    "config": 3,
    "space": 2,
    "errors": 1,
    "arrays": 0, "blas": 0, "memory": 0, "processors": 0, "text": 0, "seeds": 0,
}  # fmt: skip
"""A package imports only packages of lower levels; packages of one level are siblings."""
REQUIRED = {"numpy", "typer", "pydantic", "pydantic_core", "yaml", "rich", "matplotlib"}
"""The dependencies of pyproject.toml by import name; pydantic_core is part of pydantic."""
READ_STORED_TABLES = {"report/figures/run_figures.py", "report/summary.py"}
"""Modules that may import a task's own package: both draw figures from tables that the task wrote."""
NO_CONFIG_FILES = {"executors", "records", "stacks", "training", "nn", "data", "metrics", "store", "plots"}
"""Packages that get an experiment, never its file."""
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__main__.py")


@cache
def imported(path: Path) -> tuple[str, ...]:
    """The full names of the modules that a file imports anywhere; each file is read once for all tests."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


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


def test_what_is_above_the_tasks_knows_none_of_them() -> None:
    """A task is looked up in the registry and used through `tasks.task.Task`."""
    found = set()
    for path in FILES:
        for module in imported(path):
            package, _, rest = module.removeprefix("fnnctl.").partition(".")
            own = package == "tasks" and rest.partition(".")[0] in TASK_REPORTS
            if module.startswith("fnnctl.") and rest and own and own_room(path) != "tasks":
                found.add(path.relative_to(ROOT).as_posix())
    assert found == READ_STORED_TABLES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_trains_and_records_reads_no_config(path: Path) -> None:
    if own_room(path) in NO_CONFIG_FILES:
        assert [module for module in imported(path) if module.startswith("fnnctl.config.reading")] == []


def test_every_optional_library_is_imported_in_one_file() -> None:
    files: dict[str, set[str]] = {}
    for path in FILES:
        for module in imported(path):
            top = module.split(".")[0]
            if top not in {"fnnctl", *REQUIRED, *sys.stdlib_module_names}:
                files.setdefault(top, set()).add(str(path.relative_to(ROOT)))
    assert {library: found for library, found in files.items() if len(found) > 1} == {}


# Functions that change files, by their last name; for those of `os`, the module's name is checked too.
WRITERS = {
    "write_text", "write_bytes", "mkdir", "makedirs", "touch", "unlink", "rmdir", "rmtree", "rename",
    "symlink_to", "hardlink_to", "chmod", "tofile", "save", "savez", "savez_compressed", "savetxt", "memmap",
}  # fmt: skip
OS_WRITERS = {
    "open", "replace", "rename", "renames", "remove", "unlink", "mkdir", "makedirs", "rmdir", "removedirs",
    "link", "symlink", "truncate", "ftruncate", "utime", "chmod", "mkfifo", "fdopen",
}  # fmt: skip


def writes(code: str) -> list[int]:
    """The lines that open a file for writing, or call a function that writes, moves or deletes files."""
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt | ast.expr))
    return [node.lineno for node in nodes if is_writing(node)]


def is_writing(node: ast.stmt | ast.expr) -> bool:
    match node:
        case ast.ImportFrom(module="os", names=names):
            return bool({alias.name for alias in names} & OS_WRITERS)
        case ast.ImportFrom(module="shutil" | "tempfile" | "os.path") | ast.Import():
            modules = (
                [node.module] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            )
            return bool({"shutil", "tempfile"} & set(modules))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="open"), args=[file, *_]):
            return ast.unparse(file) != "os.devnull"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=attribute)):
            return attribute in OS_WRITERS
        case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):
            return True  # of a path; that of a text has two arguments
        case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open")):
            return opens_to_write(node)
        case ast.Call(func=ast.Attribute(attr=attribute)):
            return attribute in WRITERS
    return False


def opens_to_write(call: ast.Call) -> bool:
    """Whether a file may be opened for writing: its mode is not a literal for reading."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    if isinstance(call.func, ast.Name):
        given += call.args[1:2]
    else:  # the mode is the first argument of Path.open and the second of gzip.open
        given += [each for each in call.args[:2] if isinstance(each, ast.Constant)]
    return any(not (isinstance(mode, ast.Constant) and set(str(mode.value)) <= set("rbtU")) for mode in given)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_written_by_the_store_alone(path: Path) -> None:
    if own_room(path) != "store":
        assert writes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "open(path, mode)",
        "path.open('w')",
        "path.open('r+b')",
        "path.open(mode='x')",
        "path.open(mode=mode)",
        "gzip.open(path, 'wb')",
        "path.write_text('a')",
        "(folder / 'a').write_bytes(b'a')",
        "path.replace(other)",
        "path.mkdir(parents=True)",
        "os.open(path, flags)",
        "os.replace(a, b)",
        "os.remove(path)",
        "from os import replace",
        "import shutil",
        "from shutil import move",
        "import tempfile",
        "np.save(path, X)",
    ],
)
def test_what_writes_is_seen(code: str) -> None:
    assert writes(code) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "open(path, 'rb')",
        "path.open()",
        "path.open('r', encoding='utf-8')",
        "gzip.open(path, 'rb')",
        "path.read_text()",
        "text.replace('a', 'b')",
        "replace(settings, seed=1)",
        "moment.replace(tzinfo=UTC)",
        "os.environ['HOME']",
        "import os",
        "os.open(os.devnull, os.O_WRONLY)",
        "sys.stdout.write('a')",
    ],
)
def test_what_only_reads_is_let_through(code: str) -> None:
    assert writes(code) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"code = run({arguments!r})\n"
        "heavy = {'numpy', 'matplotlib', 'yaml', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {code}' if heavy or code else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
