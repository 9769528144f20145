"""The kinds of files that have a table: a record each.

The reader of a kind is the module of its name in `data/tables/`, or that of a plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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

    @property
    def reason(self) -> str:
        """Why the settings of a CSV file have no effect."""
        return f"a {self.label} file says itself what its values are"


CSV: Final = TableFile(
    name="csv", label="CSV", endings=(".csv", ".tsv", ".csv.gz", ".tsv.gz"), has_types=False
)
TABLE_FILES: Final = (
    CSV,
    TableFile(name="parquet", label="Parquet", endings=(".parquet", ".pq"), mark=b"PAR1"),
    TableFile(name="jsonl", label="JSON Lines", endings=(".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")),
)
TABLE_LABELS: Final = ", ".join(kind.label for kind in TABLE_FILES)
"""For documentation: `A, B, C or D` if D follows."""
