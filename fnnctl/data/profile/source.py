"""Reads a whole source, every column of it, before any config says what its columns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.data.arrays.archives import LABELS, holds_arrays
from fnnctl.data.arrays.table import read_arrays
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.files import find_file
from fnnctl.data.loading import BUILTIN_FORMAT
from fnnctl.data.problems import Problems
from fnnctl.data.tables.numbers import plain_number
from fnnctl.data.tables.readings import Reading, ReadKind
from fnnctl.data.tables.rows import CsvFormat
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError, Problem, UsageError, did_you_mean, quoted_list
from fnnctl.text import printable, shown

DEFAULT_ENCODING = "utf-8"
FEWEST_TEXTS = 20
"""With fewer rows, different texts are no sign of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Which table to read, and how."""

    source: str
    """A built-in data set's name, or a path."""
    folder: Path
    """Where a relative path starts."""
    target: str | None = None
    delimiter: str | None = None
    encoding: str = DEFAULT_ENCODING


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source that was read."""

    file: str
    """What to call it in messages."""
    path: Path | None
    """Its file or folder; None if it is built in."""
    arrays: bool
    """Whether it holds arrays, not a table."""
    table: Table
    """Its columns; the target is one of the categorical ones."""
    readings: Mapping[str, Reading]
    """How each column was read, in the order of the header."""
    target: str | None
    """The target that is given, or that the source has by itself."""


def read_source(options: SourceOptions) -> Source:
    """Read all columns. Raises `InputError` if the table cannot be read, or has no such target."""
    info = BUILTIN.get(options.source)
    if info is not None:
        with builtin_path(options.source) as path:
            return _read(path, options.source, None, options.target or info.target, BUILTIN_FORMAT)
    path = find_file(options.source, options.folder, setting="", builtin=BUILTIN, folders=True)
    target = options.target or (LABELS if holds_arrays(path) else None)
    missing = frozenset(DEFAULT_MISSING_VALUES)
    form = CsvFormat(options.delimiter, options.encoding, missing, encoding_setting="--encoding")
    return _read(path, printable(options.source), path, target, form)


def _read(path: Path, file: str, own: Path | None, target: str | None, form: CsvFormat) -> Source:
    problems, arrays = Problems(file), holds_arrays(path)
    kinds: dict[str, Kind] = {} if target is None else {target: "categorical"}
    table = read_arrays(path, {}) if arrays else read_table(path, form, kinds, problems)
    if problems:
        raise DataError(*(Problem(_for_options(each.message), each.file, each.line)
                          for each in problems.error().problems))  # fmt: skip
    if target is not None and target not in table.names:
        close = did_you_mean(target, map(printable, table.names))
        known = close or f"; its columns are {quoted_list([shown(name) for name in table.names])}"
        raise UsageError(f"there is no column {shown(target)} in {file}{known}")
    readings = readings_of(table, target)
    return Source(file=file, path=own, arrays=arrays, table=table, readings=readings, target=target)


def _for_options(message: str) -> str:
    """A message about the data that advises options in place of settings: there is no config yet."""
    return message.replace("data.delimiter", "--delimiter").replace("data.encoding", "--encoding")


def readings_of(table: Table, target: str | None) -> dict[str, Reading]:
    """How each column of a table was read."""
    readings = {}
    for name in table.names:
        texts = table.categorical.get(name)
        if texts is not None:
            readings[name] = _of_texts(name, texts, is_target=name == target)
        elif name in table.numeric:
            present = int(table.numeric.present[table.numeric.names.index(name)])
            kind: ReadKind = "numeric" if present else "empty"
            ignored = None if present else "has no values"
            missing = table.rows - present
            readings[name] = Reading(name=name, kind=kind, missing=missing, ignored=ignored)
    return readings


def _of_texts(name: str, column: CodedTexts, *, is_target: bool) -> Reading:
    counts = column.counts()
    rows, unique = len(column.codes), int(np.count_nonzero(counts))
    missing = rows - int(counts.sum())
    if is_target:  # it was read as texts, whatever they are
        numeric = unique > 0 and all(plain_number(text) is not None for text in column.texts)
        kind: ReadKind = "numeric" if numeric else "categorical"
        return Reading(name=name, kind=kind, missing=missing, unique=unique, declared=True)
    if rows >= FEWEST_TEXTS and 10 * unique >= 9 * rows:
        ignored = f"has {unique:,} different texts in {rows - missing:,} rows"
        return Reading(name=name, kind="text", missing=missing, unique=unique, ignored=ignored)
    return Reading(name=name, kind="categorical", missing=missing, unique=unique)
