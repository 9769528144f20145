"""The data sets that come with fnnctl, and the facts that `fnnctl datasets` shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

FOLDER = files("fnnctl.data") / "builtin"


@dataclass(frozen=True, slots=True)
class BuiltinInfo:
    """Facts about a data set; the column counts do not include the target."""

    file: str
    rows: int
    numeric: int
    categorical: int
    task: Literal["classification", "regression"]
    classes: tuple[str, ...]
    """Empty for regression."""
    target: str
    source: str
    licence: str
    description: str


BUILTIN: dict[str, BuiltinInfo] = {
    name: BuiltinInfo(**info | {"classes": tuple(info["classes"])})
    for name, info in json.loads((FOLDER / "descriptions.json").read_text(encoding="utf-8")).items()
}


@contextmanager
def builtin_path(name: str) -> Iterator[Path]:
    """Yield the path of a built-in data set's file, even if the package is not installed as a folder."""
    with as_file(FOLDER / BUILTIN[name].file) as path:
        yield path
