"""Columns of arrays and of Python's own values, with the texts that a Parquet file with these values has."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray
from fnnctl.data.tables.blocks import NULL, Column, NumberValues, TextValues, UnusableValues

_MOST_BITS: Final = 4096
"""Larger integers are infinite: they are far above all float64 numbers, and Python refuses to print them."""
_FRACTION: Final = re.compile(r"\.(\d*?)0+(?=$|[Z+-])")
"""A fraction of a second that ends with zeros."""
_ZONE: Final = re.compile(r"([+-]\d{2})(\d{2})$")


class MemoryColumn(Column, Protocol):
    """A column whose type is known."""

    @property
    def type_name(self) -> str:
        """The type as it enters the digest: equal for all libraries that have it; `text` for texts."""


def array_column(values: npt.NDArray[Any]) -> MemoryColumn:
    """The column of an array (N,)."""
    missing = None
    if isinstance(values, np.ma.MaskedArray):
        missing, values = np.ma.getmaskarray(values), values.data
    kind = values.dtype.kind
    if kind in "biuf":
        wide = values.dtype.itemsize > 8
        return NumberValues(values.astype(np.float64) if wide else values, missing)
    if kind == "M":
        return _moments(values, missing)
    if kind in "OU":
        listed = values.tolist() if kind == "U" else list(values)
        if missing is not None:
            listed = [None if gap else value for value, gap in zip(listed, missing, strict=True)]
        return objects_column(listed)
    return UnusableValues(len(values), "complex numbers" if kind == "c" else values.dtype.name)


def _moments(values: npt.NDArray[Any], missing: BoolArray | None) -> TextValues:
    gaps = np.isnat(values) if missing is None else np.isnat(values) | missing
    texts = np.datetime_as_string(values).tolist()
    listed = [NULL if gap else iso(text) for text, gap in zip(texts, gaps.tolist(), strict=True)]
    is_date = np.datetime_data(values.dtype)[0] in {"Y", "M", "W", "D"}
    return TextValues(listed, "date" if is_date else "datetime")


def objects_column(values: Sequence[object]) -> MemoryColumn:
    """The column of Python's own values; all numbers become numbers, and anything mixed its texts."""
    kinds = set(map(type, values))
    if any(issubclass(kind, np.generic) for kind in kinds):
        values = [*map(python_value, values)]
        kinds = set(map(type, values))
    nulls = {kind for kind in kinds if _is_null_type(kind)}
    if nulls - {NoneType}:
        values = [None if type(value) in nulls else value for value in values]
    kinds -= nulls
    if kinds == {str}:
        return TextValues([NULL if value is None else str(value) for value in values])
    if kinds in ({bool}, {int}, {float}, {int, float}) and (numbers := _numbers(values, kinds)) is not None:
        return numbers
    names: set[str] = set()
    texts = []
    for value in values:
        name, text = _object_text(value)
        if text is None:
            return UnusableValues(len(values), name)
        if text != NULL:
            names.add(name)
        texts.append(text)
    return TextValues(texts, " or ".join(sorted(names)) or "null")


def _numbers(values: Sequence[Any], kinds: set[type]) -> NumberValues | None:
    """The column of numbers or truth values, None if missing; None if they are too large for NumPy."""
    has_null = None in values
    try:
        if float in kinds:
            filled = [np.nan if value is None else value for value in values] if has_null else values
            return NumberValues(np.array(filled, np.float64))
        filled = [0 if value is None else value for value in values] if has_null else values
        missing = np.array([value is None for value in values]) if has_null else None
        return NumberValues(np.array(filled, np.bool_ if bool in kinds else np.int64), missing)
    except OverflowError:
        return None


def python_value(value: object) -> object:
    """The value of Python for a value of NumPy; what Python has no type for, and any other, as it is."""
    if not isinstance(value, np.generic):
        return value
    if isinstance(value, np.floating):
        return float(value)  # the item of a `longdouble` is one again
    item: object = value.item()
    is_count = isinstance(value, np.datetime64 | np.timedelta64) and isinstance(item, int)
    return value if is_count else item  # a count of nanoseconds is no number of the column


def _is_null_type(kind: type) -> bool:
    """Whether it is the type of None, or of a missing value of pandas, which is not imported for this."""
    return kind is NoneType or kind.__name__ in {"NAType", "NaTType"}


def object_text(value: object) -> str | None:
    """The text of one of Python's own values, `NULL` if it is missing; None if no table has such values."""
    return _object_text(value)[1]


def _object_text(value: Any) -> tuple[str, str | None]:
    """The name of a value's type, and its text; None if no column of a table has such values."""
    is_nan = value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)
    if is_nan or _is_null_type(type(value)):
        return "null", NULL
    match value:
        case str():
            return "text", str(value)
        case bool():
            return "b1", "true" if value else "false"
        case int():
            if value.bit_length() > _MOST_BITS:
                return "i8", "inf" if value > 0 else "-inf"
            return "i8", str(value)
        case float():
            return "f8", repr(value)
        case Decimal():
            return "decimal", format(value, "f")
        case datetime():
            text = value.isoformat()
            is_utc = str(value.tzinfo) in {"UTC", "Etc/UTC"}
            return "datetime", iso(f"{text.removesuffix('+00:00')}Z" if is_utc else text)
        case np.datetime64():
            return "datetime", iso(str(value))
        case date():
            return "date", value.isoformat()
        case time():
            return "time", iso(value.isoformat())
    return type(value).__name__, None


def iso(text: str) -> str:
    """`2024-01-31T10:05:00.5+01:00` for `2024-01-31 10:05:00.500000+0100`; times alone are shortened, too."""
    short = _FRACTION.sub(lambda match: f".{match[1]}" if match[1] else "", text.replace(" ", "T"))
    return _ZONE.sub(r"\1:\2", short)
