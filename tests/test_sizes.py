"""Files, functions and folders are small enough to read at once; no docstring is a placeholder."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import fnnctl

ROOT = Path(fnnctl.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MAX_FILES, MAX_LINES, MAX_FUNCTION_LINES = 30, 500, 100

PLACEHOLDER = re.compile(r"\W*((TODO|FIXME|TBD|XXX)\b|$)", re.IGNORECASE)
"""A docstring that begins with a placeholder word, or that has only punctuation."""

Node = TypeVar("Node", bound=ast.AST)


def nodes(path: Path, kind: type[Node]) -> Iterator[Node]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_folders_have_few_files() -> None:
    counts = Counter(path.parent for path in FILES)
    assert {name_of(folder): count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{name_of(path)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in FILES
        for node in nodes(path, ast.FunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def placeholders(source: str) -> list[str]:
    """Modules, classes and functions whose docstring is a placeholder."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        getattr(node, "name", "module")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node)) is not None
        and PLACEHOLDER.match(docstring)
    ]


def test_no_docstring_is_a_placeholder() -> None:
    found = {name_of(path): placeholders(path.read_text(encoding="utf-8")) for path in FILES}
    assert {name: names for name, names in found.items() if names} == {}


def test_a_placeholder_is_found_wherever_it_is() -> None:
    source = (
        '"""TODO."""\n'
        'class A:\n    """..."""\n    def f(self):\n        """ """\n'
        'async def g():\n    """FIXME: say it."""\n'
        'def h():\n    """Todos of a user."""\n'
    )
    assert sorted(placeholders(source)) == ["A", "f", "g", "module"]
