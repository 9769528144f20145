"""Reads a whole source, every column of it, before any config says what its columns are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.data.arrays.archives import LABELS, holds_arrays
from fnnctl.data.arrays.table import read_arrays
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.dataset import RawTarget
from fnnctl.data.files import UNREPORTED, OnRead, find_file
from fnnctl.data.loading import BUILTIN_FORMAT, amounts, raw_target
from fnnctl.data.profile.markers import Marker, read_with_markers
from fnnctl.data.tables.kinds.settled_table import NOT_USED
from fnnctl.data.tables.numbers import plain_number
from fnnctl.data.tables.parquet import is_parquet
from fnnctl.data.tables.readings import Reading, ReadKind
from fnnctl.data.tables.rows import CsvFormat, missing_texts
from fnnctl.data.tables.table import Kind, Table
from fnnctl.errors import DataError, Problem, UsageError, did_you_mean, quoted_list
from fnnctl.text import printable, shown

DEFAULT_ENCODING = "utf-8"
_NAMED_SETTING = re.compile(r"\bdata\.(columns|missing_values|decimal_mark)\b")
_ABOUT_SETTINGS = "settings of an experiment; `fnnctl init` without --data writes one that can be edited"


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
    target: RawTarget | None
    """The target that is given, or that the source has by itself."""
    markers: tuple[Marker, ...] = ()
    """Texts that are read as missing values, but are not declared as such by default."""

    @property
    def target_name(self) -> str | None:
        """The name of the target's column."""
        return self.target.name if self.target else None


def read_source(options: SourceOptions, on_read: OnRead = UNREPORTED) -> Source:
    """Read all columns. Raises `InputError` if the table cannot be read, or has no such target."""
    info = BUILTIN.get(options.source)
    if info is not None:
        with builtin_path(options.source) as path:
            return _read(path, options.source, None, options.target or info.target, BUILTIN_FORMAT, on_read)
    path = find_file(options.source, options.folder, setting="", builtin=BUILTIN, folders=True)
    if holds_arrays(path):
        _refuse_options(options, "contains arrays")
        if options.target not in (None, LABELS):
            raise UsageError(f"{options.source} contains arrays: its target is always {LABELS}")
    elif is_parquet(path):
        _refuse_options(options, "is a Parquet file")
    target = options.target or (LABELS if holds_arrays(path) else None)
    missing = missing_texts(DEFAULT_MISSING_VALUES)
    form = CsvFormat(options.delimiter, options.encoding, missing, encoding_setting="--encoding")
    return _read(path, printable(options.source), path, target, form, on_read)


def _refuse_options(options: SourceOptions, what: str) -> None:
    """Raise UsageError for options of CSV files; `what` the source is instead."""
    if options.delimiter is not None or options.encoding != DEFAULT_ENCODING:
        raise UsageError(f"{options.source} {what}: leave out --delimiter and --encoding")


def _read(
    path: Path, file: str, own: Path | None, target: str | None, form: CsvFormat, on_read: OnRead
) -> Source:
    arrays = holds_arrays(path)
    markers: tuple[Marker, ...] = ()
    kinds: dict[str, Kind] = {} if target is None else {target: "categorical"}
    try:
        if arrays:
            table = read_arrays(path, {}, on_read=on_read)
        else:
            table, markers = read_with_markers(path, form, kinds, file, on_read)
    except DataError as error:
        raise DataError(*map(_for_options, error.problems)) from None
    if target is not None and target not in table.names:
        close = did_you_mean(target, map(printable, table.names))
        known = close or f"; its columns are {quoted_list([shown(name) for name in table.names])}"
        raise UsageError(f"there is no column {shown(target)} in {file}{known}")
    raw = None
    if target is not None:
        raw = raw_target(target, table.categorical[target], amounts(table, target))
    return Source(
        file=file,
        path=own,
        arrays=arrays,
        table=table,
        readings=_readings(table, raw),
        target=raw,
        markers=markers,
    )


def _for_options(problem: Problem) -> Problem:
    """A problem with the data that advises options in place of settings: there is no config yet."""
    message = problem.message
    for option in ("delimiter", "encoding"):
        message = message.replace(f"data.{option}", f"--{option}")
    if _NAMED_SETTING.search(message):
        message += f" ({_ABOUT_SETTINGS})"
    return replace(problem, message=message)


def _readings(table: Table, target: RawTarget | None) -> dict[str, Reading]:
    """How each column was read. The target was read as texts, but may be amounts; arrays have no texts."""
    readings = dict(table.readings) or dict(_of_arrays(table))
    if target is not None and all(plain_number(text) is not None for text in target.plain().texts):
        own = readings[target.name]
        readings[target.name] = replace(own, kind="numeric", format=target.format)
    return readings


def _of_arrays(table: Table) -> Iterator[tuple[str, Reading]]:
    for name in table.names:
        if name in table.categorical:
            unique = len(table.categorical[name].texts)
            yield name, Reading(name=name, kind="categorical", unique=unique, declared=True)
            continue
        missing = table.numeric.missing(name)
        kind: ReadKind = "numeric" if missing < table.rows else "empty"
        ignored = None if missing < table.rows else NOT_USED[kind]
        yield name, Reading(name=name, kind=kind, missing=missing, ignored=ignored)
