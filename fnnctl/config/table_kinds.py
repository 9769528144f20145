"""The kind of a file: by its first bytes, or by its name, which may be that of a plug-in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath
from typing import Any, Final

from fnnctl.config.table_files import CSV, TABLE_FILES, TableFile
from fnnctl.plugins import TablePlugin, current, values_in_use

ARRAYS: Final = (".npz", ".npy")
"""The endings of files of arrays, which are read without a reader of tables."""


def kind_by_mark(start: bytes) -> TableFile | None:
    """The kind that a file's first bytes tell; None if they tell none."""
    kinds = (*TABLE_FILES, *(plugin.file for plugin in values_in_use("table")))
    return next((kind for kind in kinds if kind.mark and start.startswith(kind.mark)), None)


@lru_cache
def kind_by_ending(file: str) -> TableFile | None:
    """The kind of fnnctl's own that a file's name tells; None for other names."""
    return next((kind for kind in TABLE_FILES if file.lower().endswith(kind.endings)), None)


def kind_by_name(file: str) -> TableFile:
    """The kind that a file's name tells; CSV for other names.

    An ending that fnnctl does not know may be that of a plug-in, which is looked up. Raises `PluginError`:
    see `Scope.find`.
    """
    if kind := kind_by_ending(file):
        return kind
    name = file.lower()
    plugin = None if name.endswith(ARRAYS) else _plugin(name)
    return CSV if plugin is None else plugin.file


def plugin_reader(kind: TableFile) -> TablePlugin | None:
    """The plug-in in use that reads this kind of files; None for those of fnnctl itself."""
    plugins: list[TablePlugin] = values_in_use("table")
    return next((plugin for plugin in plugins if plugin.file is kind), None)


def _plugin(file: str) -> TablePlugin | None:
    """The plug-in whose name is an ending of the file, such as `a` or `b` of `table.a.b`."""
    for ending in _endings(file):
        plugin = current().find("table", ending, table_fault)
        if plugin is not None and file.endswith(plugin.value.file.endings):
            reader: TablePlugin = plugin.value
            return reader
    return None


@lru_cache
def _endings(file: str) -> list[str]:
    """The parts of a file's name that may be an ending, the last one first."""
    return PurePath(file).name.split(".")[:0:-1]


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
