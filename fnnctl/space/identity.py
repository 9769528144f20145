"""When two values of a search are the same one: 1 equals 1.0, but not true."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any


def identity(value: Any) -> Hashable:
    """A key that equal values share."""
    match value:
        case bool() | str() | None:
            return type(value).__name__, value
        case int() | float():
            return "number", value
        case Mapping():
            return "mapping", frozenset((key, identity(inner)) for key, inner in value.items())
        case _:
            return "list", tuple(identity(inner) for inner in value)


def index_of(value: Any, values: Sequence[Any]) -> int | None:
    """The index of a value, or None if it is not one of the values. A range may be very long."""
    if isinstance(values, range):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        is_number = isinstance(whole, int) and not isinstance(whole, bool)
        return values.index(whole) if is_number and whole in values else None
    return next((index for index, other in enumerate(values) if identity(other) == identity(value)), None)
