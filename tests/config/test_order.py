"""The sub-packages of the config import one another in one direction only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fnnctl.config

ROOT = Path(fnnctl.config.__file__).parent
ORDER = ["paths", "yaml_text", "other_files", "schema", "messages", "rules", "reading"]
FILES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fnnctl.config."):
            there = str(node.module).split(".")[2]
            assert ORDER.index(there) <= ORDER.index(here), f"{here} imports {node.module}"
