"""Where a setting stands: `model.hidden[1].units`, and in the code `("model", "hidden", 1, "units")`."""

from __future__ import annotations

import re
from typing import TypeAlias

ConfigPath: TypeAlias = tuple[str | int, ...]

_INDEX = re.compile(r"\[([0-9]+)\]")


def parse_path(text: str) -> ConfigPath:
    """Split a dotted path; `hidden[1]` and `hidden.1` are the same. An empty part stays an empty key."""
    parts = _INDEX.sub(r".\1", text.strip()).split(".")
    return tuple(int(part) if part.isascii() and part.isdecimal() else part for part in parts)


def format_path(path: ConfigPath) -> str:
    """Write a path as messages show it: `model.hidden[1].units`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
