"""The kinds of files that have a table: a record each.

The reader of a kind is the module of its name in `data/tables/`, or that of a plug-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from fnnctl.plugins import TablePlugin, current, values_in_use


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


ARRAYS: Final = (".npz", ".npy")
"""The endings of files of arrays, which are read without a reader of tables."""


def kind_by_mark(start: bytes) -> TableFile | None:
    """The kind that a file's first bytes tell; None if they tell none."""
    kinds = (*TABLE_FILES, *(plugin.file for plugin in values_in_use("table")))
    return next((kind for kind in kinds if kind.mark and start.startswith(kind.mark)), None)


def kind_by_name(file: str) -> TableFile:
    """The kind that a file's name tells; CSV for other names.

    An ending that fnnctl does not know may be that of a plug-in, which is looked up. Raises `PluginError`:
    see `Scope.find`.
    """
    name = file.lower()
    if kind := next((kind for kind in TABLE_FILES if name.endswith(kind.endings)), None):
        return kind
    plugin = None if name.endswith(ARRAYS) else _plugin(name)
    return CSV if plugin is None else plugin.file


def plugin_reader(kind: TableFile) -> TablePlugin | None:
    """The plug-in in use that reads this kind of files; None for those of fnnctl itself."""
    plugins: list[TablePlugin] = values_in_use("table")
    return next((plugin for plugin in plugins if plugin.file is kind), None)


def _plugin(file: str) -> TablePlugin | None:
    """The plug-in whose name is an ending of the file, such as `a` or `b` of `table.a.b`."""
    for ending in reversed(PurePath(file).name.split(".")[1:]):
        plugin = current().find("table", ending, table_fault)
        if plugin is not None and file.endswith(plugin.value.file.endings):
            reader: TablePlugin = plugin.value
            return reader
    return None


def table_fault(name: str, plugin: Any) -> str | None:
    """Why an object cannot be the reader of files with this ending from a plug-in; None if it can."""
    if any(f".{name}" in kind.endings for kind in TABLE_FILES) or f".{name}" in ARRAYS:
        return "fnnctl itself reads files with this ending"
    if not isinstance(plugin, TablePlugin):
        return f"it must be a TablePlugin, and is of the type {type(plugin).__name__}"
    if not any(ending.startswith(f".{name}") for ending in plugin.file.endings):
        return f"files with the ending .{name} are not among its own: {', '.join(plugin.file.endings)}"
    known = next((kind for kind in TABLE_FILES if {*kind.endings} & {*plugin.file.endings}), None)
    if known is not None:
        return f"fnnctl itself reads {known.label} files"
    return None
