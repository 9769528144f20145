"""Values of Arrow as texts, from Parquet files and from data frames in memory.

The only file that imports pyarrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fnnctl.arrays import FloatArray
from fnnctl.data.tables.memory_columns import (
    NULL,
    MemoryColumn,
    NumberValues,
    UnusableTypeError,
    UnusableValues,
    iso,
    text_parts,
)


def parquet_libraries() -> tuple[Any, Any]:
    """pyarrow and its reader of Parquet files; raises ImportError."""
    import pyarrow
    import pyarrow.parquet

    return pyarrow, pyarrow.parquet


def arrow_texts(array: Any) -> list[str] | None:
    """The values as texts, numbers with all their digits and dates in ISO 8601; None for other types."""
    import pyarrow as arrow
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        return arrow_texts(array.dictionary_decode())
    if types.is_null(kind):
        return [NULL] * len(array)
    if types.is_floating(kind):
        # the digits of a float32 are its own, not those of the float64 next to it
        wide = array if types.is_float64(kind) else _shortest(array)
        return [NULL if value is None or math.isnan(value) else repr(value) for value in wide.to_pylist()]
    if types.is_timestamp(kind) or types.is_time(kind):
        return [NULL if value is None else iso(value) for value in array.cast(arrow.string()).to_pylist()]
    plain = (
        types.is_string, types.is_large_string, types.is_string_view, types.is_boolean, types.is_integer,
        types.is_decimal, types.is_date,
    )  # fmt: skip
    if not any(is_one(kind) for is_one in plain):
        return None
    return [NULL if value is None else value for value in array.cast(arrow.string()).to_pylist()]


def arrow_numbers(array: Any) -> FloatArray | None:
    """The numbers that the texts stand for, (n,) float64, NaN for null; None if these are no numbers."""
    import pyarrow as arrow
    from pyarrow import types

    kind = array.type
    if types.is_floating(kind):
        array = array if types.is_float64(kind) else _shortest(array)
    elif types.is_integer(kind):
        array = array.cast(arrow.float64(), safe=False)
    else:
        return None
    numbers: FloatArray = array.to_numpy(zero_copy_only=False)
    return numbers


def _shortest(array: Any) -> Any:
    """float16 or float32 as the float64 numbers with the fewest digits that are read as the same numbers."""
    import pyarrow as arrow

    return array.cast(arrow.float32()).cast(arrow.string()).cast(arrow.float64())


@dataclass(frozen=True, slots=True)
class ArrowValues:
    """A column that becomes texts a block of rows at a time."""

    values: Any
    """A chunked array."""
    type_name: str

    def __len__(self) -> int:
        return len(self.values)

    def texts(self, rows: slice) -> list[str]:
        """The values in some rows; raises UnusableTypeError."""
        start, end, _ = rows.indices(len(self.values))
        texts: list[str] = []
        for chunk in self.values.slice(start, end - start).chunks:
            converted = arrow_texts(chunk)
            if converted is None:
                raise UnusableTypeError(self.type_name)
            texts += converted
        return texts

    def numbers(self, rows: slice) -> FloatArray | None:
        """The numbers of floating-point numbers; None for other types."""
        start, end, _ = rows.indices(len(self.values))
        return arrow_numbers(self.values.slice(start, end - start))

    def digest_parts(self) -> Iterator[bytes]:
        """The bytes of numbers; else the lengths of the texts, and the texts."""
        if self.type_name.startswith("f"):
            return NumberValues(self.values.to_numpy()).digest_parts()
        return text_parts(self)


def frame_columns(frame: Any, *, has_arrow: bool) -> tuple[list[str], list[MemoryColumn]] | None:
    """Names and columns of a data frame, through the interface of Arrow, if it has it, or `__dataframe__`.

    None if pyarrow is not installed, or if it cannot read all columns: then they are read one by one.
    """
    try:
        import pyarrow as arrow
        from pyarrow.interchange import from_dataframe
    except ImportError:
        return None
    try:
        table = arrow.table(frame) if has_arrow else from_dataframe(frame)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError, NotImplementedError, RuntimeError):
        return None
    return table.column_names, [_column(column) for column in table.columns]


def arrow_column(values: Any) -> MemoryColumn:
    """The column of an array or a chunked array of Arrow."""
    import pyarrow as arrow

    return _column(values if isinstance(values, arrow.ChunkedArray) else arrow.chunked_array([values]))


def _decoded(values: Any) -> Any:
    """The chunked array of the categories' values."""
    import pyarrow as arrow
    from pyarrow import types

    kind = values.type.value_type
    if types.is_string_view(kind):  # which arrow cannot take from a dictionary
        kind = arrow.string()
    chunks = [chunk.dictionary.cast(kind).take(chunk.indices) for chunk in values.chunks]
    return arrow.chunked_array(chunks, kind)


def _column(values: Any) -> MemoryColumn:
    """The column of a chunked array."""
    from pyarrow import types

    if types.is_dictionary(values.type):
        values = _decoded(values)
    kind = values.type
    if types.is_float64(kind):
        return NumberValues(values.to_numpy())
    if types.is_floating(kind):  # Arrow finds the shortest digits faster than Python
        return ArrowValues(values, f"f{kind.bit_width // 8}")
    if types.is_integer(kind) or types.is_boolean(kind):
        if not values.null_count:
            return NumberValues(values.to_numpy())
        filled = values.fill_null(False if types.is_boolean(kind) else 0)
        return NumberValues(filled.to_numpy(), values.is_null().to_numpy())
    names = {
        "null": types.is_null, "text": types.is_string, "date": types.is_date, "datetime": types.is_timestamp,
        "time": types.is_time, "decimal": types.is_decimal,
    }  # fmt: skip
    name = next((name for name, is_one in names.items() if is_one(kind)), None)
    if types.is_large_string(kind) or types.is_string_view(kind):
        name = "text"
    if name is None:
        return UnusableValues(len(values), str(kind))
    return ArrowValues(values, "null" if values.null_count == len(values) else name)
