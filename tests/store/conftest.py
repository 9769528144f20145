"""Fixtures for runs, and class names that every format must handle."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.store.run import OpenRun, create_run

HOSTILE_CLASSES = (
    "$$x^2$$",
    "[/]",
    "[bold]loud[/bold]",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "=cmd()",
    "a|b",
    "two\nlines",
    "carriage\rreturn",
    'quoted "word"',
    "comma, semicolon;",
    "`code` *bold* _x_",
    "Ärger 日本 🐧",
    "nul\x00",
)


def described(**facts: object) -> dict[str, Any]:
    """The content of model.json except for the arrays."""
    return {
        "precision": "float32", "inputs": 3, "hidden": [{"units": 2, "activation": "relu"}],
        "output": "softmax", "target": "y", "classes": ["a", "b"], "features": ["u", "v", "w"],
        "preprocessing": {"numeric": [], "categorical": []}, **facts,
    }  # fmt: skip


@pytest.fixture
def hostile_classes() -> tuple[str, ...]:
    return HOSTILE_CLASSES


@pytest.fixture
def start_run(tmp_path: Path) -> Callable[[str], OpenRun]:
    def start(name: str) -> OpenRun:
        return create_run(
            tmp_path / "runs",
            name=name,
            kind="train",
            config=b"data: {source: iris}\n",
            resolved="seed: 0\n",
            manifest={"seed": 0},
        )

    return start


@pytest.fixture
def run(start_run: Callable[[str], OpenRun]) -> OpenRun:
    return start_run("iris")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes of the files and folders that are synced, in order: a later rename does not change them."""
    inodes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: inodes.append(os.fstat(descriptor).st_ino))
    return inodes
