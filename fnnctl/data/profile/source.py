"""Reads a whole source, every column of it, before any config says what its columns are.

Texts like `unknown` or `-` in columns of numbers or dates probably mark missing values. A config must declare
them, because a text among numbers may also be a typing error; `init` does so, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.config.table_files import WHOLE_FILE, TablePart, part_reason
from fnnctl.config.yaml_text import is_allowed_value
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.columns.detection import typed
from fnnctl.data.columns.formats.base import ColumnKind, Notation
from fnnctl.data.columns.formats.number import is_written_number
from fnnctl.data.columns.formats.registry import FORMATS
from fnnctl.data.columns.numbers import almost_number, plain_number
from fnnctl.data.columns.types import NOT_USED, ColumnType
from fnnctl.data.dataset import RawTarget
from fnnctl.data.feature_array import read_arrays
from fnnctl.data.files import UNREPORTED, OnRead, find_file
from fnnctl.data.loading import BUILTIN_FORMAT, amounts, raw_target
from fnnctl.data.problems import ODD_VALUE, OddValue, Problems
from fnnctl.data.stored_arrays import LABELS, holds_arrays
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import kind_of_table
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.text import counted, did_you_mean, printable, quoted, word_list

MAX_MARKERS: Final = 3
"""A column with more different texts among its numbers or dates has errors to be corrected, unless all are
known."""
KNOWN_MARKERS: Final = frozenset(
    {"-", "--", "---", ".", "..", "…", "–", "—", "?", "*", "none", "nil", "na", "n/a", "n.a.", "n.a", "#n/a",
     "<na>", "nan", "null", "missing", "unknown", "not available", "not applicable", "k.a.", "k. a.", "n.d.",
     "nd", "#div/0!", "#value!", "#ref!", "#null!", "#num!", "#name?"}
)  # fmt: skip
"""What stands for a missing value in most tables, in lower case."""
DEFAULT_ENCODING = "utf-8"
_ABOUT_SETTINGS = "settings of an experiment; `fnnctl init` without --data writes one that can be edited"


@dataclass(frozen=True, slots=True)
class Marker:
    """A text that is read as a missing value."""

    text: str
    column: str
    rows: int
    line: int | None
    """Where it occurs first."""
    noun: str = "number"
    """What the column's other values are."""

    def __str__(self) -> str:
        line = "" if self.line is None else f", first in line {self.line:,}"
        rows = f"{counted(self.rows, 'row')}{line}"
        return f"{quoted(self.text)} ({rows}) {self._outcome}"

    @property
    def without_rows(self) -> str:
        """What is said of the marker wherever it occurs."""
        return f"{quoted(self.text)} {self._outcome}"

    @property
    def _outcome(self) -> str:
        return f"is no {self.noun}, so it is read as missing"


def read_with_markers(
    path: Path, form: CsvFormat, kinds: Mapping[str, Kind], problems: Problems, on_read: OnRead = UNREPORTED
) -> tuple[Table, tuple[Marker, ...], Mapping[str, OddValue]]:
    """Read a table whose columns of numbers or dates may have other values, too.

    A few texts are read as missing values; a column with anything else is read as categories, and returned
    with its first odd value. Any other problem is noted, and raised as DataError.
    """
    file = problems.file
    table = read_table(path, form, kinds, problems, on_read=on_read)
    if not problems:
        return table, (), {}
    if problems.has_only_odd_values:
        odd: Mapping[str, OddValue] = problems.odd_values
        texts = read_table(path, form, {**kinds, **dict.fromkeys(odd, "categorical")}, Problems(file))
        markers = tuple(_markers(texts, list(odd), kinds))
        declared = {marker.column for marker in markers}
        odd = {name: value for name, value in odd.items() if name not in declared}
        again, missing = Problems(file), form.missing | {marker.text for marker in markers}
        as_read: Mapping[str, Kind] = {**kinds, **dict.fromkeys(odd, "categorical")}
        table = read_table(path, replace(form, missing=missing), as_read, again)
        if not again:
            return table, markers, odd
    raise problems.error()


def read_usable(
    path: Path, form: CsvFormat, kinds: Mapping[str, Kind], file: str, on_read: OnRead = UNREPORTED
) -> tuple[Table, tuple[Marker, ...], Mapping[str, OddValue]]:
    """Do as `read_with_markers`, but for columns of which `kinds` says nothing and whose values no table has,
    such as BLOBs: they are not read, and their type says why.
    """
    unusable: dict[str, str] = {}
    while True:
        problems = Problems(file)
        usable: Mapping[str, Kind] = {**kinds, **dict.fromkeys(unusable, "ignore")}
        try:
            table, markers, odd_values = read_with_markers(path, form, usable, problems, on_read)
        except DataError:
            if not problems.unusable or problems.unusable.keys() & kinds:
                raise
            unusable |= problems.unusable
        else:
            break
    if unusable:
        types = dict(table.types)
        types |= {name: ColumnType(name=name, kind="other", ignored=why) for name, why in unusable.items()}
        table = replace(table, types={name: types[name] for name in table.names if name in types})
    return table, markers, odd_values


def _markers(table: Table, faulty: list[str], declared: Mapping[str, Kind]) -> Iterator[Marker]:
    """The texts among each column's numbers or dates; none for a column whose texts may be something else.

    No class of a target, which is among the `declared` columns, becomes a missing value.
    """
    other_texts = [column.texts for name, column in table.categorical.items() if name not in faulty]
    elsewhere = frozenset(text for texts in other_texts for text in texts)
    classes = frozenset(
        text for name, column in table.categorical.items() if name in declared for text in column.texts
    )
    for name in faulty:
        column = table.categorical[name]
        counts = column.counts()
        candidates = [(form.noun, form.find(name, column, Notation())) for form in FORMATS]
        fitting = [(noun, candidate) for noun, candidate in candidates if candidate is not None]
        if not fitting:
            continue
        noun, best = max(fitting, key=lambda pair: pair[1].rows(counts))
        unfitting = np.flatnonzero(~best.fits).tolist()
        texts = [column.texts[index] for index in unfitting]
        unknown = [text for text in texts if text in classes or text.casefold() not in KNOWN_MARKERS]
        may_be_values = any(text in elsewhere or _is_amount(text) for text in unknown)
        may_be_values |= not all(map(is_allowed_value, texts))  # no config can declare it
        if len(unknown) <= MAX_MARKERS and not may_be_values:
            for index in unfitting:
                yield Marker(column.texts[index], name, int(counts[index]), column.lines[index], noun)


def _is_amount(text: str) -> bool:
    """Whether a text is a number in another notation, which is to be corrected."""
    return almost_number(text) is not None or is_written_number(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Which table to read, and how."""

    source: str
    """A built-in data set's name, or a path."""
    folder: Path
    """Where a relative path starts."""
    targets: tuple[str, ...] = ()
    """The columns to predict; empty if they are not known, or if the source has one by itself."""
    delimiter: str | None = None
    encoding: str = DEFAULT_ENCODING
    part: TablePart = WHOLE_FILE
    """Which table of a file of several is meant."""


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
    types: Mapping[str, ColumnType]
    """How each column was read, in the order of the header."""
    targets: tuple[RawTarget, ...]
    """The targets that are given, or the one that the source has by itself; codes are -1 in rows without."""
    markers: tuple[Marker, ...] = ()
    """Texts that are read as missing values, but are not declared as such by default."""
    odd_values: Mapping[str, OddValue] = field(default_factory=dict)
    """Of the columns that are read as categories because most of their values are numbers or dates, and some
    are not."""

    @property
    def target_names(self) -> tuple[str, ...]:
        """The columns of the targets."""
        return tuple(target.name for target in self.targets)


def read_source(options: SourceOptions, on_read: OnRead = UNREPORTED) -> Source:
    """Read all columns. Raises `InputError` if the table cannot be read, or has no such targets."""
    info = BUILTIN.get(options.source)
    if info is not None:
        _refuse_part(options, None)
        with builtin_path(options.source) as path:
            targets = options.targets or (info.target,)
            return _read(path, options.source, None, targets, BUILTIN_FORMAT, on_read)
    path = find_file(options.source, options.folder, setting="", builtin=BUILTIN, folders=True)
    _refuse_part(options, path)
    if holds_arrays(path):
        _refuse_options(options, "contains arrays")
        if options.targets not in ((), (LABELS,)):
            raise UsageError(f"{options.source} contains arrays: its target is always {LABELS}")
    elif (kind := kind_of_table(path)).has_types:
        _refuse_options(options, f"is {kind.noun}")
    targets = options.targets or ((LABELS,) if holds_arrays(path) else ())
    missing = missing_texts(DEFAULT_MISSING_VALUES)
    form = CsvFormat(
        options.delimiter, options.encoding, missing, encoding_setting="--encoding", part=options.part
    )
    return _read(path, printable(options.source), path, targets, form, on_read)


def _refuse_part(options: SourceOptions, path: Path | None) -> None:
    """Raise UsageError for options that name a table of another kind of files."""
    for key in options.part.settings:
        if path is None or key not in kind_of_table(path).parts:
            raise UsageError(f"--{key}: {part_reason(key)}, but this is {printable(options.source)}")


def _refuse_options(options: SourceOptions, kind: str) -> None:
    """Raise UsageError for options of CSV files; `what` the source is instead."""
    if options.delimiter is not None or options.encoding != DEFAULT_ENCODING:
        raise UsageError(f"{options.source} {kind}: leave out --delimiter and --encoding")


def _read(
    path: Path, file: str, source_path: Path | None, targets: Sequence[str], form: CsvFormat, on_read: OnRead
) -> Source:
    arrays = holds_arrays(path)
    markers: tuple[Marker, ...] = ()
    odd_values: Mapping[str, OddValue] = {}
    kinds: dict[str, Kind] = dict.fromkeys(targets, "categorical")
    try:
        if arrays:
            table = read_arrays(path, {}, on_read=on_read)
        else:
            table, markers, odd_values = read_usable(path, form, kinds, file, on_read)
    except DataError as error:
        raise DataError(*map(_without_config, error.problems)) from None
    for name in targets:
        if name not in table.names:
            close = did_you_mean(name, map(printable, table.names))
            if "," in name and all(part.strip() in table.names for part in name.split(",")):
                close = f": write {' '.join(f'--target {part.strip()}' for part in name.split(','))}"
            hint = close or f"; its columns are {word_list([quoted(column) for column in table.names])}"
            raise UsageError(f"there is no column {quoted(name)} in {file}{hint}")
    raw_targets = tuple(raw_target(name, table.categorical[name], amounts(table, name)) for name in targets)
    return Source(
        file=file,
        path=source_path,
        arrays=arrays,
        table=table,
        types=_types(table, raw_targets),
        targets=raw_targets,
        markers=markers,
        odd_values=odd_values,
    )


def _without_config(problem: Problem) -> Problem:
    """A problem with the data that says where the settings of its advice are: there is no config yet."""
    return (
        replace(problem, text=f"{problem.text} ({_ABOUT_SETTINGS})") if problem.kind == ODD_VALUE else problem
    )


def _types(table: Table, targets: Sequence[RawTarget]) -> dict[str, ColumnType]:
    """How each column was read. A target was read as texts, but may be amounts; arrays have no texts."""
    types = dict(table.types) or dict(_of_arrays(table))
    for target in targets:
        if all(plain_number(text) is not None for text in target.plain().texts):
            types[target.name] = replace(types[target.name], kind="numeric", format=target.format)
    return types


def _of_arrays(table: Table) -> Iterator[tuple[str, ColumnType]]:
    for name in table.names:
        if name in table.categorical:
            yield name, typed(name, table.categorical[name], "categorical", declared=True).type
            continue
        missing = table.numeric.missing(name)
        kind: ColumnKind = "numeric" if missing < table.rows else "empty"
        ignored = None if missing < table.rows else NOT_USED[kind]
        yield name, ColumnType(name=name, kind=kind, missing=missing, ignored=ignored)
