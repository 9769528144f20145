"""The readers of tables: a module per kind of file, named in `config/table_files.py`.

The reader of the kind `NAME` is the module `NAME_table` of this folder. Its function `open_table` yields an
`OpenTable`: the names of the columns, and their values in blocks.
"""

from __future__ import annotations

from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from fnnctl.config.table_files import CSV, TABLE_FILES, TableFile, TablePart
from fnnctl.config.table_kinds import kind_by_mark, kind_by_name, plugin_reader
from fnnctl.data.files import displayed_name, file_errors
from fnnctl.data.problems import Problems
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, missing_texts

_LONGEST_MARK: Final = max(len(kind.mark) for kind in TABLE_FILES)


class OpenTableFile(Protocol):
    """Opens a file of a kind as a context: see `open_table`."""

    def __call__(
        self, path: Path | None, form: CsvFormat, problems: Problems
    ) -> AbstractContextManager[OpenTable]: ...


def kind_of_table(path: Path | None) -> TableFile:
    """The kind of a file: by its first bytes, else by its name, else CSV, as standard input (None) is."""
    if path is None:
        return CSV
    start = b""
    if path.is_file():  # not a pipe
        with file_errors(displayed_name(path)), path.open("rb") as file:
            start = file.read(_LONGEST_MARK)
    named = kind_by_name(path.name)
    return kind_by_mark(start) or (CSV if named.mark else named)


def table_sha256(path: Path, part: TablePart) -> str | None:
    """The digest of the names and rows of a file's table; None if that of the file's bytes tells them.

    Raises the errors of `open_table`.
    """
    if not kind_of_table(path).parts:
        return None
    problems = Problems(displayed_name(path))
    with open_table(path, CsvFormat(None, "utf-8", missing_texts(()), part=part), problems) as opened:
        problems.raise_any()
        deque(opened.blocks, maxlen=0)
        return None if opened.sha256 is None else opened.sha256()


def open_table(
    source: Path | MemoryTable | None, form: CsvFormat, problems: Problems
) -> AbstractContextManager[OpenTable]:
    """Open a table in a file, on standard input (None) or in memory, and read the names of its columns.

    Problems are noted in `problems`, except those that make reading impossible: these are raised as DataError
    (an empty file, a wrong encoding) or MachineError (the system cannot read it).
    """
    if isinstance(source, MemoryTable):
        return nullcontext(source.open(problems))
    kind = kind_of_table(source)
    form = replace(form, part=form.part.of(kind))
    if plugin := plugin_reader(kind):
        return plugin.open_table(source, form, problems)
    reader: OpenTableFile = import_module(f"fnnctl.data.tables.{kind.name}_table").open_table
    return reader(source, form, problems)
