"""The program's files as syntax trees, for tests that look at how it is written."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import fnnctl

ROOT = Path(fnnctl.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def tree(file: str) -> ast.Module:
    """The syntax tree of one of `FILES`; to parse all of them takes a second."""
    return ast.parse(FILES[file].read_text(encoding="utf-8"))
