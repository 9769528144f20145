"""Files, functions and folders are small enough to read at once; no docstring is a placeholder."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable

from tests.sources import FILES, nodes

MAX_FILES, MAX_LINES, MAX_FUNCTION_LINES = 30, 500, 100

PLACEHOLDER = re.compile(r"\W*((TODO|FIXME|TBD|XXX)\b|$)", re.IGNORECASE)
"""A docstring that begins with a placeholder word, or that has only punctuation."""


def test_folders_have_few_files() -> None:
    counts = Counter(file.rpartition("/")[0] for file in FILES)
    assert {folder: count for folder, count in counts.items() if count > MAX_FILES} == {}


def test_files_are_short() -> None:
    lengths = {file: len(path.read_text(encoding="utf-8").splitlines()) for file, path in FILES.items()}
    assert {file: length for file, length in lengths.items() if length > MAX_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{file}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in FILES
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def placeholders(nodes: Iterable[ast.AST]) -> list[str]:
    """Modules, classes and functions whose docstring is a placeholder."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        getattr(node, "name", "module")
        for node in nodes
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node)) is not None
        and PLACEHOLDER.match(docstring)
    ]


def test_no_docstring_is_a_placeholder() -> None:
    assert {file: names for file in FILES if (names := placeholders(nodes(file)))} == {}


def test_a_placeholder_is_found_wherever_it_is() -> None:
    source = (
        '"""TODO."""\n'
        'class A:\n    """..."""\n    def f(self):\n        """ """\n'
        'async def g():\n    """FIXME: say it."""\n'
        'def h():\n    """Todos of a user."""\n'
    )
    assert sorted(placeholders(ast.walk(ast.parse(source)))) == ["A", "f", "g", "module"]
