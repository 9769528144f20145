"""JSON as fnnctl writes and reads it: no NaN, indented by two spaces, non-ASCII text unescaped."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from fnnctl.store.atomic import damaged
from fnnctl.text import cut


def to_json(value: Any) -> str:
    """The value as JSON with a final line end; raises ValueError for NaN or an infinity."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_mapping(content: bytes, path: Path) -> dict[str, Any]:
    """The JSON object in a file's content; raises `DataError`, which names `path`, for anything else."""
    try:
        value = json.loads(content, parse_constant=_refuse, parse_int=_integer, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"is damaged: {_problem(error, content)}") from error
    if not isinstance(value, dict):
        raise damaged(path, "is damaged: it is not a JSON object")
    return value


def _problem(error: ValueError | RecursionError, content: bytes) -> str:
    """What is wrong with JSON that cannot be read."""
    match error:
        case _ if not content.strip():
            return "it is empty"
        case json.JSONDecodeError():
            return f"it is not JSON from line {error.lineno}, column {error.colno} on"
        case UnicodeDecodeError():
            return "it is not text"
        case RecursionError():
            return "its values are nested too deeply"
    return f"it is not JSON: {error}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of it")


def _integer(text: str) -> int:
    """The number, which can be converted to a float anywhere."""
    _float(text)
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {cut(text)} is too large")
    return number
