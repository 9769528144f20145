"""Columns of a table in memory, as texts: those that a Parquet file with values of the same types has."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray

NULL: Final = "\0"
"""The text of a null: always missing, and no text of a CSV file, whatever the other missing values are."""
DIGEST_ROWS: Final = 2**14
"""A digest takes this many rows at a time; another number would give other digests."""
_MAGNITUDES: Final = np.array([float(f"1e{exponent}") for exponent in range(-9, 8)])
"""The sizes at which a number gets one more digit before the point, or one less zero after it."""
_MOST_BEFORE_POINT: Final = 8
"""The digits before the point of the largest magnitude."""
_POWERS: Final = np.array([float(f"1e{exponent}") for exponent in range(23)])
"""The powers of ten that are exact in float64."""
_EXACT_INTEGERS: Final = 2**24
"""A float32 below has the digits of a whole number, if it is one."""
_MOST_BITS: Final = 4096
"""Larger integers are infinite: they are far above all float64 numbers, and Python refuses to print them."""
_FRACTION: Final = re.compile(r"\.(\d*?)0+(?=$|[Z+-])")
"""A fraction of a second that ends with zeros."""
_ZONE: Final = re.compile(r"([+-]\d{2})(\d{2})$")


class UnusableTypeError(Exception):
    """The values of a column are of a type that no column of a table has; the message names the type."""


class MemoryColumn(Protocol):
    """The values of a column; those of an unusable type are refused only if the column is used."""

    @property
    def type_name(self) -> str:
        """The type as it enters the digest: equal for all libraries; `text` for texts."""

    def __len__(self) -> int:
        """The number of rows."""

    def texts(self, rows: slice) -> list[str]:
        """The values in some rows; raises UnusableTypeError."""

    def numbers(self, rows: slice) -> FloatArray | None:
        """The numbers that the texts of some rows stand for, (n,) float64, NaN for null.

        None if they are not numbers by their type.
        """

    def digest_parts(self) -> Iterator[bytes]:
        """Bytes that differ if a value differs."""


@dataclass(frozen=True, slots=True)
class NumberValues:
    """Numbers or truth values, with NaN as a missing value."""

    values: npt.NDArray[Any]
    """(N,) of a NumPy type for booleans, integers or floating-point numbers."""
    missing: BoolArray | None = None
    """(N,) further missing values; None if there are none."""

    @property
    def type_name(self) -> str:
        """Kind and bytes, such as `f8`."""
        return self.values.dtype.str[1:]

    def __len__(self) -> int:
        return len(self.values)

    def texts(self, rows: slice) -> list[str]:
        """Numbers with all their digits."""
        texts = number_texts(self.values[rows])
        if self.missing is None:
            return texts
        missing = self.missing[rows].tolist()
        return [NULL if gap else text for text, gap in zip(texts, missing, strict=True)]

    def numbers(self, rows: slice) -> FloatArray | None:
        """The numbers; None for truth values."""
        values = self.values[rows]
        if values.dtype.kind == "b":
            return None
        numbers = _shortest(values) if _is_short(values) else values.astype(np.float64)
        return numbers if self.missing is None else np.where(self.missing[rows], np.nan, numbers)

    def digest_parts(self) -> Iterator[bytes]:
        """The bytes of the values, with one NaN in place of all missing ones."""
        for start in range(0, len(self.values), DIGEST_ROWS):
            rows = slice(start, start + DIGEST_ROWS)
            values, gaps = self.values[rows], None if self.missing is None else self.missing[rows]
            if values.dtype.kind == "f":
                yield number_bytes(values if gaps is None else np.where(gaps, np.nan, values))
            else:
                yield number_bytes(values if gaps is None else np.where(gaps, 0, values))
                yield b"" if gaps is None else gaps.tobytes()


def number_bytes(values: npt.NDArray[Any]) -> bytes:
    """The numbers' bytes in rows, the lowest byte first, and each NaN as the same one."""
    if values.dtype.kind == "f" and (gaps := np.isnan(values)).any():
        values = np.where(gaps, values.dtype.type(np.nan), values)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def number_texts(values: npt.NDArray[Any]) -> list[str]:
    """Numbers (n,) with all their digits, null for NaN; truth values as `true` and `false`."""
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind in "iu":
        return list(map(str, values.tolist()))
    if _is_short(values):
        values = _shortest(values)
    return [NULL if math.isnan(value) else repr(value) for value in values.tolist()]


def _is_short(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind == "f" and values.dtype.itemsize < 8


def _shortest(values: npt.NDArray[Any]) -> FloatArray:
    """float16 or float32 (n,) as the float64 numbers with the fewest digits that are read as the same.

    The digits of a float32 are its own, not those of the float64 next to it. If six digits do not give it
    back, seven are tried, and so on. A whole number divided by a power of ten is the float64 next to the
    decimal fraction, because both are exact. Very small and large numbers go through texts, which takes ten
    times as long.
    """
    short = values.astype(np.float32)
    with np.errstate(invalid="ignore"):  # of a NaN with other bits than usual
        numbers = short.astype(np.float64)
    size = np.abs(numbers)
    is_set = size == 0
    rows = np.flatnonzero((size >= _MAGNITUDES[0]) & (size < _EXACT_INTEGERS))
    places = len(_MAGNITUDES) - np.searchsorted(_MAGNITUDES, size[rows], side="right")
    for digits in range(6, 10):
        power = _POWERS[np.maximum(places + digits - _MOST_BEFORE_POINT, 0)]
        decimal = np.rint(numbers[rows] * power) / power
        fits = decimal.astype(np.float32) == short[rows]
        numbers[rows[fits]], is_set[rows[fits]] = decimal[fits], True
        rows, places = rows[~fits], places[~fits]
    unset = np.flatnonzero(~is_set)
    numbers[unset] = [float(str(value)) for value in short[unset]]
    return numbers


@dataclass(frozen=True, slots=True)
class TextValues:
    """Values that are texts already."""

    values: Sequence[str]
    type_name: str = "text"

    def __len__(self) -> int:
        return len(self.values)

    def texts(self, rows: slice) -> list[str]:
        """The texts."""
        return list(self.values[rows])

    def numbers(self, rows: slice) -> FloatArray | None:
        """None."""
        return None

    def digest_parts(self) -> Iterator[bytes]:
        """The lengths of the texts, and the texts."""
        return text_parts(self)


def text_parts(column: MemoryColumn) -> Iterator[bytes]:
    """The lengths of a column's texts, and the texts."""
    for start in range(0, len(column), DIGEST_ROWS):
        texts = column.texts(slice(start, start + DIGEST_ROWS))
        yield np.fromiter(map(len, texts), "<i8", len(texts)).tobytes()
        yield "".join(texts).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class UnusableValues:
    """Values of a type that no column of a table has; the column may be left out."""

    rows: int
    type_name: str

    def __len__(self) -> int:
        return self.rows

    def texts(self, rows: slice) -> list[str]:
        """Raises UnusableTypeError."""
        raise UnusableTypeError(self.type_name)

    def numbers(self, rows: slice) -> FloatArray | None:
        """None."""
        return None

    def digest_parts(self) -> Iterator[bytes]:
        """Nothing: no value can be used."""
        return iter(())


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
