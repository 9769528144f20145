"""The rows of a source as typed arrays, before anything is fitted or scaled.

The numbers are in memory only once: as float64 if they are few, as packed float32 if they are many, or as a
memory-mapped file. Calculations request blocks of rows as float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.boolean import find_spellings
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.notes import conversion_notes, conversion_warnings, spelling_notes
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.comparable_numbers import Corrections, comparable, recovered
from fnnctl.data.matrix import MappedNumbers
from fnnctl.messages import Message
from fnnctl.text import printable

if TYPE_CHECKING:
    from fnnctl.data.columns.detection import TypedColumn
    from fnnctl.data.columns.formats.base import ColumnFormat
    from fnnctl.data.matrix import Packing

COLUMNS_AT_ONCE = 4
"""Columns read together: rows are contiguous, so one column costs as much as a few adjacent ones."""
COLUMN_VALUES = 2**15
"""Short columns are read together, up to this many values, which fit in the processor's cache."""
BLOCK_ROWS = 2**13


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """N rows of p numeric and q categorical columns."""

    numeric: FloatArray
    """(N, p) as stored, NaN if missing; read it through `numbers`."""
    numeric_names: tuple[str, ...]
    categorical: IntArray
    """(N, q) codes into `categories`, -1 if missing."""
    categorical_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    """The values of each categorical column."""
    packing: Packing | None = None
    """How `numeric` is packed; None if it holds the numbers themselves."""
    corrections: Corrections = field(default_factory=Corrections)
    """What the comparable numbers need beside `numeric`."""
    mapped: MappedNumbers | None = None
    """The memory-mapped file that `numeric` is a view of, if it is one."""
    expansions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The numeric columns made from each column that became several, such as a date's year and month."""

    def __len__(self) -> int:
        return len(self.numeric)

    @property
    def sources(self) -> dict[str, str]:
        """The column of the table that each of the numeric columns in `expansions` was made from."""
        return {part: name for name, parts in self.expansions.items() for part in parts}

    @property
    def source_columns(self) -> int:
        """The number of columns of the table that the numeric and categorical ones were read from."""
        made = sum(len(parts) - 1 for parts in self.expansions.values())
        return len(self.numeric_names) + len(self.categorical_names) - made

    def numbers(self, rows: IntArray | slice, columns: Sequence[int] | IntArray | None = None) -> FloatArray:
        """A float64 copy, (n, p), of the numbers in some rows; only the given `columns`, if any are given."""
        stored = self.numeric[rows] if isinstance(rows, slice) else self.numeric.take(rows, axis=0)
        if self.packing:
            numbers = self.packing.unpack(stored)
        else:
            numbers = stored.astype(np.float64, copy=isinstance(rows, slice))
        if self.mapped:
            self.mapped.give_back(rows)
        return numbers if columns is None else numbers[:, columns]

    def comparable_numbers(self, rows: slice, columns: Sequence[int]) -> FloatArray:
        """(n, p) float64, the numbers of consecutive rows as all forms of a table give them."""
        unpacked, first, chosen = self.numbers(rows), rows.indices(len(self))[0], list(columns)
        numbers = recovered(unpacked, self.packing.offset) if self.packing else comparable(unpacked)
        self.corrections.apply(numbers, first)
        return numbers[:, chosen]

    def number_columns(self, rows: IntArray) -> Iterator[FloatArray]:
        """Yield the numeric columns in turn, a few at a time: their values in `rows`, (c, n) float64."""
        together = max(1, COLUMN_VALUES // len(rows))
        step = max(COLUMNS_AT_ONCE, together)
        for first in range(0, self.numeric.shape[1], step):
            chosen = slice(first, min(first + step, self.numeric.shape[1]))
            columns = np.empty((chosen.stop - first, len(rows)), self.numeric.dtype)
            for start in range(0, len(rows), BLOCK_ROWS):
                block = slice(start, start + BLOCK_ROWS)
                columns[:, block] = self.numeric[rows[block], chosen].T
                if self.mapped:
                    self.mapped.give_back(rows[block])
            for start in range(0, len(columns), together):
                stored = columns[start : start + together]
                names = slice(first + start, first + start + len(stored))
                yield self.packing.unpack(stored.T, names).T if self.packing else stored.astype(np.float64)


@dataclass(frozen=True, slots=True)
class RawTarget:
    """The target column as it was read; a task gives its values a meaning."""

    name: str
    codes: IntArray
    """(N,) indices into `texts`."""
    texts: tuple[str, ...]
    """Sorted as numbers if all are numbers, otherwise as text."""
    lines: Sequence[int | None]
    """The line where each text first occurs, in the test file if it occurs only there; None for arrays."""
    format: NumberFormat | None = None
    """How the texts become plain numbers if they are amounts; None if they are plain already."""
    warning: str | None = None
    """Why the format may be wrong, and what to write then."""

    def plain(self) -> RawTarget:
        """The target with plain numbers in place of those in its format; other texts stay as they are."""
        if self.format is None:
            return self
        return replace(self.with_texts(map(self.format.label, self.texts)), format=None)

    def with_texts(self, texts: Iterable[str]) -> RawTarget:
        """The target with other `texts` in place of its own; equal ones become one."""
        column = CodedTexts(self.codes, self.texts, self.lines)
        joined = CodedTexts.concatenate([column.with_texts(texts)])
        return replace(self, codes=joined.codes, texts=joined.texts, lines=joined.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Columns):
    """N rows, each with its target value; categories are sorted like the target's values."""

    name: str
    """The built-in data set's name, or the file's stem, for titles and messages."""
    source: str
    """The built-in data set's name, or the file's absolute path."""
    sha256: str
    """The SHA-256 of the file's bytes on disk."""
    targets: tuple[RawTarget, ...]
    """In the order of the config; codes are -1 in rows without one of several."""
    file_rows: IntArray
    """(N,) each row's number in its file, from 0; rows without a label are counted as well."""
    weights: FloatArray | None = None
    """(N,) each row's weight in the loss; None if data.weights names no column."""
    exposures: FloatArray | None = None
    """(N,) each row's exposure, above 0, also in a test file; None if data.exposure names no column."""
    task: Literal["classification", "regression"] | None = None
    """The task, if the target is the default target of a built-in data set; None if the values decide."""
    test_rows: int = 0
    """How many of the last rows came from the test file."""
    test_source: str | None = None
    """The test file's absolute path."""
    test_sha256: str | None = None
    warnings: tuple[Message, ...] = ()
    """Warnings that arose while reading."""
    groups: IntArray | None = None
    """(N,) the group of each row, -1 in a test file; None if data.split.group names no column."""
    group_texts: Sequence[str] = ()
    """The value of each group."""
    order: FloatArray | None = None
    """(N,) the value of each row in the column of data.split.by (of a date, its days), NaN in a test file if
    the column is no feature; None without that setting."""
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    """The type of each column of the training file, in its order; of arrays, only of a target of amounts."""
    grouped: tuple[TypedColumn, ...] = ()
    """The columns of evaluation.groups, N rows each, whether they are features or not."""
    file_notes: tuple[str, ...] = ()
    """What the user should know of the rows of the files, such as their order."""

    @property
    def formats(self) -> dict[str, ColumnFormat]:
        """The formats of the columns that are used and not written plainly."""
        used = {name: column.format for name, column in self.types.items() if column.ignored is None}
        return {name: form for name, form in used.items() if form is not None}

    @property
    def notes(self) -> list[str]:
        """What the user should know about the conversion of columns, and about their categories."""
        categories = dict(zip(self.categorical_names, self.categories, strict=True))
        return [*self.file_notes, *conversion_notes(self.types.values()), *spelling_notes(categories)]

    @property
    def target(self) -> RawTarget:
        """The only target."""
        (target,) = self.targets
        return target

    @property
    def target_names(self) -> tuple[str, ...]:
        """The columns of the targets."""
        return tuple(target.name for target in self.targets)

    def with_amounts(self) -> Dataset:
        """The data set with plain numbers as its target, if these are written in another notation."""
        form, target = self.target.format, self.target.plain()
        if form is None:
            return self
        plain_texts = [(text, form.label(text)) for text in self.target.texts]
        converted = [(text, f"{float(plain):.15g}") for text, plain in plain_texts if text != plain]
        example = min(converted, key=lambda pair: pair[1] == "0", default=None)  # 0 % shows nothing
        column = self.types.get(target.name) or ColumnType(name=target.name, kind="numeric")  # of an array
        amounts = replace(column, kind="numeric", format=form, example=example, warning=target.warning)
        warnings = (*self.warnings, *conversion_warnings([amounts], printable(self.source)))
        return replace(self, targets=(target,), types={**self.types, target.name: amounts}, warnings=warnings)

    def with_truth_values(self) -> Dataset:
        """The data set with one class for all spellings of yes and one for no, if its classes are these."""
        target, counts = self.target, self.target_counts()
        present = np.flatnonzero(counts).tolist()
        texts = [target.texts[code] for code in present]
        form = find_spellings(texts, counts[present].tolist())
        if form is None or target.name not in self.types:
            return self
        example = form.example(target.name, texts, None)
        column = replace(self.types[target.name], kind="boolean", format=form, example=example)
        types = {**self.types, target.name: column}
        return replace(self, targets=(target.with_texts(map(form.label, target.texts)),), types=types)

    def target_counts(self) -> IntArray:
        """(T,) the number of rows with each of the target's texts, not counting the test file."""
        codes = self.target.codes[: len(self) - self.test_rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.target.texts))
