"""The type of a column: how its values are read, first for training and again for predicting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fnnctl.data.columns.formats.base import ColumnFormat, ColumnKind

NOT_USED: Final[Mapping[ColumnKind, str]] = {
    "text": "nearly all its values are different texts",
    "empty": "it has no values",
}
"""Why columns of some kinds are ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """The type of one column."""

    name: str
    """Its name in the header, without surrounding blanks; empty for an unnamed index."""
    kind: ColumnKind
    format: ColumnFormat | None = None
    """None for plain numbers and plain texts."""
    example: tuple[str, str] | None = None
    """For a format: a text of the column, and what it is read as."""
    warning: str | None = None
    """Why the type may be wrong, and what to write then."""
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


def expansions(types: Mapping[str, ColumnType]) -> dict[str, tuple[str, ...]]:
    """The columns that became several numeric columns, with the names of these."""
    return {name: column.columns for name, column in types.items() if column.columns != (name,)}
