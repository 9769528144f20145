"""Says in fnnctl's words what pydantic refuses in a file that fnnctl has written and someone has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fnnctl.text import cut

if TYPE_CHECKING:
    from pydantic import ValidationError

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is unknown to this version of fnnctl",
    "unexpected_keyword_argument": "is unknown to this version of fnnctl",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "string_too_short": "is too short",
    "string_pattern_mismatch": "must match {pattern}",
    "none_required": "must be null",
    "value_error": "{error}",
}
_KINDS: Final[Mapping[str, str]] = {
    "int": "a whole number", "float": "a number", "string": "a text", "bool": "true or false",
    "list": "a list", "tuple": "a list", "dict": "an object", "mapping": "an object", "model": "an object",
    "dataclass": "an object",
}  # fmt: skip
"""What a value must be, by the first word of the type of pydantic's error, as in `int_parsing`."""


def first_problem(error: ValidationError) -> str:
    """The first problem with its location: `data.rows: must be a whole number`."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    location = ".".join(str(part) for part in first["loc"])
    sentence = _sentence(first["type"], first.get("ctx", {}))
    return f"{cut(location)}: {sentence}" if location else sentence


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    expected = _KINDS.get(kind.partition("_")[0])
    return f"must be {expected}" if expected else "has a wrong value"
