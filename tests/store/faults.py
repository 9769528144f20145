"""Calls of the system that fail, and runs as a former process has left them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def failing(number: int) -> Callable[..., NoReturn]:
    """A function that the system refuses, with this number of an error."""

    def fail(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def lowest_free_descriptor() -> int:
    """The descriptor that the next file gets, which is another one if a file was left open meanwhile."""
    with Path(os.devnull).open("rb") as file:
        return file.fileno()


def make_run(
    runs: Path,
    name: str,
    *,
    started: str = "2026-01-01T00:00:00.000000Z",
    status: str = "completed",
    **facts: object,
) -> Path:
    """A run folder with this name and these facts in its manifest."""
    folder = runs / name
    folder.mkdir(parents=True)
    manifest = {"status": status, "kind": "train", "name": name, "started": started, **facts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
