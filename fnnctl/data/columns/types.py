"""The type of each column of a table: what `describe` shows, and what predicting reads again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from fnnctl.arrays import FloatArray

ColumnKind = Literal["numeric", "boolean", "date", "categorical", "text", "index", "empty"]
"""The kind of a column's values. The last three are ignored unless the config declares them."""


@runtime_checkable
class ColumnFormat(Protocol):
    """How the texts of a column become numbers if they are not plain ones; a value, saved in model.json."""

    def columns(self, name: str) -> tuple[str, ...]:
        """The names of the numeric columns that the column `name` becomes: one, or a date's parts."""

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, columns) float64; a text that does not have this format gives a row of NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """How one column was read."""

    name: str
    """Its name in the header, without surrounding blanks; empty for an unnamed index."""
    kind: ColumnKind
    format: ColumnFormat | None = None
    """None for plain numbers and plain texts."""
    example: tuple[str, str] | None = None
    """For a format: a text of the column, and what it is read as."""
    doubt: str | None = None
    """Why the reading may be wrong, and what to write then; None if nothing is doubtful."""
    ignored: str | None = None
    """Why the column is not used, for the user; None if it is used."""
    declared: bool = False
    """Whether the config names the column; its kind is then not inferred."""
    missing: int = 0
    """How many rows have no value."""
    unique: int | None = None
    """How many different values there are; None if they were not counted while reading."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The numeric columns that it became; itself if it is no date."""
        return self.format.columns(self.name) if self.format else (self.name,)


def expansions(readings: Mapping[str, ColumnType]) -> dict[str, tuple[str, ...]]:
    """The columns that became several numeric columns, with the names of these."""
    return dict(_expanded(readings))


def _expanded(readings: Mapping[str, ColumnType]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, reading in readings.items():
        if reading.columns != (name,):
            yield name, reading.columns
