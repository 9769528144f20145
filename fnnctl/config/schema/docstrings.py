"""The docstrings of attributes, read from the source.

Pydantic can read them when a class is made, but then every command waits for it, and few need them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise


def attribute_docstrings(cls: type) -> dict[str, str]:
    """The text below each annotated attribute of a class, and of its base classes in the same package."""
    package = cls.__module__.partition(".")[0]
    docstrings: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == package:
            docstrings |= _of_module(base.__module__).get(base.__name__, {})
    return docstrings


@cache
def _of_module(module: str) -> Mapping[str, Mapping[str, str]]:
    """The docstrings of attributes by class; classes inside classes and functions are left out."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_docstrings(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docstrings(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for attribute, text in pairwise(node.body):
        match attribute, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(docstring))),
            ):
                yield name, inspect.cleandoc(docstring)
