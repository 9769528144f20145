"""The kinds of files that have a table: a record each.

The reader of a kind is the module of its name in `data/tables/`, or that of a plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from fnnctl.text import joined_words


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A kind of files."""

    name: str
    """The reader is the module `NAME_table` of `data/tables/`."""
    label: str
    """The name of the format, for messages and documentation."""
    endings: tuple[str, ...]
    """How the names of such files end, in lower case; the first is the usual one."""
    mark: bytes = b""
    """The first bytes, which tell the kind whatever a file's name is; without them the ending tells it."""
    has_types: bool = True
    """Whether the values have types of their own, so that the settings of a CSV file have no effect."""
    article: str = "a"
    """That of the label."""
    parts: tuple[str, ...] = ()
    """The settings of `data` that say which of the file's tables is meant; the first has its name."""

    @property
    def noun(self) -> str:
        """Such a file, for messages."""
        return f"{self.article} {self.label} file"

    @property
    def reason(self) -> str:
        """Why the settings of a CSV file have no effect."""
        return f"{self.noun} says itself what its values are"


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePart:
    """Which of the tables of a file is meant; a file of one table needs no choice."""

    table: str | None = None
    """The name of a table or a view of a database."""
    query: str | None = None
    """A query whose rows are the table."""
    sheet: str | None = None
    """The name of a sheet of a workbook."""

    @property
    def settings(self) -> dict[str, str]:
        """The settings that are not null, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def options(self) -> dict[str, str]:
        """The settings as options of the command line."""
        return {f"--{name}": value for name, value in self.settings.items()}

    def of(self, kind: TableFile) -> TablePart:
        """The settings that files of this kind have."""
        return replace(WHOLE_FILE, **{key: self.settings.get(key) for key in kind.parts})


WHOLE_FILE: Final = TablePart()


CSV: Final = TableFile(
    name="csv", label="CSV", endings=(".csv", ".tsv", ".csv.gz", ".tsv.gz"), has_types=False
)
TABLE_FILES: Final = (
    CSV,
    TableFile(name="parquet", label="Parquet", endings=(".parquet", ".pq"), mark=b"PAR1"),
    TableFile(name="jsonl", label="JSON Lines", endings=(".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")),
    TableFile(
        name="sqlite",
        label="SQLite",
        endings=(".db", ".sqlite", ".sqlite3"),
        mark=b"SQLite format 3\0",
        article="an",
        parts=("table", "query"),
    ),
    TableFile(name="excel", label="Excel", endings=(".xlsx", ".xlsm"), article="an", parts=("sheet",)),
)
PART_SETTINGS: Final = tuple(field.name for field in fields(TablePart))
"""The settings of `data` that say which of a file's tables is meant."""
TABLE_LABELS: Final = ", ".join(kind.label for kind in TABLE_FILES)
"""For documentation: `A, B, C or D` if D follows."""


def part_reason(key: str) -> str:
    """Why a setting that names a table of a file has no effect with files of other kinds."""
    kinds = joined_words([kind.noun for kind in TABLE_FILES if key in kind.parts], "or")
    return f"it is for {kinds}, which may have several tables"
