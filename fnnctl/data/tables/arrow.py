"""Columns of Arrow, from Parquet files and from data frames in memory.

The only file that imports pyarrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fnnctl.data.tables.blocks import NULL, NumberValues, TextValues, UnusableValues
from fnnctl.data.tables.memory_columns import MemoryColumn, iso


def parquet_libraries() -> tuple[Any, Any]:
    """pyarrow and its reader of Parquet files; raises ImportError."""
    import pyarrow
    import pyarrow.parquet

    return pyarrow, pyarrow.parquet


@dataclass(frozen=True, slots=True)
class ArrowValues:
    """Texts, dates, times or decimal numbers, which become strings when they are used: a `Column`."""

    values: Any
    """An array, or a chunked array."""
    type_name: str

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> ArrowValues:
        """Some consecutive rows."""
        start, end, _ = rows.indices(len(self.values))
        return ArrowValues(self.values.slice(start, end - start), self.type_name)

    def texts(self) -> Sequence[str]:
        """The texts; dates and times in ISO 8601."""
        import pyarrow as arrow

        texts = self.values.cast(arrow.string()).to_pylist()
        if self.type_name in {"datetime", "time"}:
            return [NULL if text is None else iso(text) for text in texts]
        return [NULL if text is None else text for text in texts]

    def numbers(self) -> None:
        """None."""


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
    return table.column_names, [arrow_column(column) for column in table.columns]


def arrow_column(values: Any) -> MemoryColumn:
    """The column of an array or a chunked array of Arrow."""
    from pyarrow import types

    if types.is_dictionary(values.type):
        values = _decoded(values)
    kind = values.type
    if types.is_null(kind):
        return TextValues([NULL] * len(values), "null")
    if types.is_floating(kind):
        return NumberValues(values.to_numpy(zero_copy_only=False))
    if types.is_integer(kind) or types.is_boolean(kind):
        if not values.null_count:
            return NumberValues(values.to_numpy(zero_copy_only=False))
        filled = values.fill_null(False if types.is_boolean(kind) else 0).to_numpy(zero_copy_only=False)
        return NumberValues(filled, values.is_null().to_numpy(zero_copy_only=False))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        name = "text"
    elif types.is_timestamp(kind):
        name = "datetime"
    elif types.is_date(kind):
        name = "date"
    elif types.is_time(kind):
        name = "time"
    elif types.is_decimal(kind):
        name = "decimal"
    else:
        return UnusableValues(len(values), str(kind))
    return ArrowValues(values, "null" if values.null_count == len(values) else name)


def _decoded(values: Any) -> Any:
    """The values of an array, or a chunked array, of categories."""
    import pyarrow as arrow
    from pyarrow import types

    kind = values.type.value_type
    if types.is_string_view(kind):  # which arrow cannot take from a dictionary
        kind = arrow.string()
    chunks = values.chunks if isinstance(values, arrow.ChunkedArray) else [values]
    return arrow.chunked_array([chunk.dictionary.cast(kind).take(chunk.indices) for chunk in chunks], kind)
