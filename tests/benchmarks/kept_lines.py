"""Results in a file of JSON lines, so that an interrupted run goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def read_lines(path: Path | None) -> Iterator[dict[str, Any]]:
    """The objects of a file, which need not exist; a last line that was cut off is ignored."""
    if path is None or not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def append_line(path: Path | None, entry: Mapping[str, Any]) -> None:
    """Add an object to the file, if there is one, in one write, because several processes may write to it."""
    if path is not None:
        with path.open("ab", buffering=0) as file:
            file.write(f"{json.dumps(entry)}\n".encode())
