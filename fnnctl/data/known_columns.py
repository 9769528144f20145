"""The columns that a network reads, by which other rows are read for its further training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import columns_of
from fnnctl.data.tables.table import Kind
from fnnctl.text import did_you_mean, printable, quoted

_SETTING_OF: Final[Mapping[Kind, str]] = {
    "weights": "data.weights", "exposure": "data.exposure", "group": "data.split.group"
}  # fmt: skip
"""The settings of columns that are no features."""


@dataclass(frozen=True, slots=True)
class KnownColumns:
    """The columns of a preprocessing, with the formats of the table that it was fitted to."""

    run: str
    """Of whose table they are, in messages."""
    numeric: tuple[str, ...]
    """The numeric columns; those that a date became have names of their own."""
    categorical: tuple[str, ...]
    sources: tuple[str, ...]
    """The columns of the table that the numeric ones are made from."""
    formats: Mapping[str, ColumnFormat]
    labels: tuple[str, ...] = ()
    """The names of the targets, of which those of a column of words are its words."""

    @classmethod
    def of(cls, preprocessor: Preprocessor, formats: Mapping[str, ColumnFormat], run: str) -> Self:
        """The columns of a preprocessing, and the formats of those of its table."""
        categorical = tuple(column.name for column in preprocessor.categories)
        numeric = tuple(number.name for number in preprocessor.numbers)
        names = columns_of(preprocessor, formats)
        sources = names[: len(names) - len(categorical)]
        own_formats = {name: form for name, form in formats.items() if name in names}
        return cls(run, numeric, categorical, sources, own_formats)

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column of a table."""
        return {
            **dict.fromkeys(self.sources, "numeric"),
            **dict.fromkeys(self.categorical, "categorical"),
        }

    @property
    def plain(self) -> frozenset[str]:
        """The columns of a table that have numbers without a format."""
        return frozenset(self.sources) - self.formats.keys()

    def note_other_uses(self, declared: Mapping[str, Kind], problems: Problems) -> None:
        """Note settings that use one of the columns for something else; they have `declared` the kinds."""
        for name, kind in declared.items():
            if kind in _SETTING_OF and name in self.kinds:
                message = f"{quoted(name)} is a feature of {self.run}: name another column"
                problems.add_setting(_SETTING_OF[kind], message)

    def note_missing(self, names: Sequence[str], problems: Problems, line: int | None) -> None:
        """Note the columns that a table with these `names` in its header lacks."""
        for name in (*self.sources, *self.categorical):
            if name not in names:
                suggestion = did_you_mean(name, map(printable, names))
                problems.add(
                    f"the column {quoted(name)}, which {self.run} reads, is missing{suggestion}", line=line
                )
