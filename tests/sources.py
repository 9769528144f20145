"""The program's files as syntax trees, for tests that look at how it is written."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

import fnnctl

ROOT = Path(fnnctl.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax trees of `FILES`, which are parsed once, without the garbage collector.

    Parsing would take four times as long, because the collector would visit the 800,000 nodes again and
    again. They are frozen, so that later collections do not visit them either.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        return {file: ast.parse(path.read_text(encoding="utf-8")) for file, path in FILES.items()}
    finally:
        gc.freeze()
        if is_enabled:
            gc.enable()


def tree(file: str) -> ast.Module:
    """The syntax tree of one of `FILES`."""
    return trees()[file]


@cache
def nodes(file: str) -> tuple[ast.AST, ...]:
    """All nodes of the syntax tree of one of `FILES`: to walk through all trees takes half a second."""
    return tuple(ast.walk(tree(file)))
