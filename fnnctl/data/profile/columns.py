"""The facts about one column: how many values it has, and which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.dataset import RawTarget
from fnnctl.data.profile.source import Source

FREQUENT_VALUES = 3
"""How many of a column's values are listed."""
MAX_WRITTEN, MIN_WRITTEN = 1e12, 1e-4
"""Numbers between these are written without exponents."""
FEW_NUMBERS = 20
"""Up to how many different numbers are kept, to be looked at one by one."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The numbers of a column."""

    low: float
    median: float
    high: float
    integral: bool
    """Whether all are whole."""
    lowest: tuple[float, ...]
    """Its two smallest different numbers, ascending; one, if there is only one."""
    highest: tuple[float, ...]
    """Its two largest, ascending."""
    few: tuple[float, ...] = ()
    """All different numbers, if there are few."""

    def text(self, value: float) -> str:
        """One of the numbers with five digits or, from 10,000 on, all before the point.

        Exponents are used for all numbers of a column or for none, so that they can be compared at a glance.
        """
        sizes = [abs(number) for number in (self.low, self.median, self.high) if number]
        if sizes and (max(sizes) >= MAX_WRITTEN or min(sizes) < MIN_WRITTEN):
            mantissa, _, exponent = f"{value:.4e}".partition("e")
            return f"{float(mantissa):g}e{exponent}" if value else "0"
        return f"{value:.5g}" if abs(value) < 10_000 else f"{value:.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column of a table."""

    type: ColumnType
    rows: int
    unique: int
    extent: Extent | None = None
    """None if it has no numbers."""
    frequent: tuple[tuple[str, int], ...] = ()
    """The most frequent texts with their numbers of rows, the most frequent first."""
    span: tuple[str, str] | None = None
    """The first and the last date."""
    digest: bytes | None = None
    """Equal for columns with equal numbers, and for texts that stand for one another; None without values."""

    @property
    def name(self) -> str:
        """The name in the header."""
        return self.type.name

    @property
    def missing(self) -> int:
        """How many rows have no value."""
        return self.type.missing

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing


def column_facts(source: Source, column_type: ColumnType) -> ColumnFacts:
    """The facts about a column of a source."""
    table, name = source.table, column_type.name
    for target in source.targets:
        if name == target.name:
            return _target_facts(column_type, target.plain())
    if name in table.categorical:
        return _text_facts(column_type, table.categorical[name])
    if column_type.kind == "date":
        return _date_facts(column_type, table.numeric[column_type.columns[-1]])
    if column_type.ignored is None:
        return _number_facts(column_type, table.numeric[name])
    unique = column_type.unique or (table.rows if column_type.kind == "index" else 0)
    return ColumnFacts(type=column_type, rows=table.rows, unique=unique)


def target_numbers(target: RawTarget) -> FloatArray | None:
    """(N,) the numbers of a target, NaN if missing; None if some texts are no numbers."""
    plain = target.plain()
    numbers = [plain_number(text) for text in plain.texts]
    if any(number is None for number in numbers):
        return None
    return np.array([*numbers, np.nan], np.float64)[plain.codes]


def _target_facts(column_type: ColumnType, target: RawTarget) -> ColumnFacts:
    facts = _text_facts(column_type, CodedTexts(target.codes, target.texts, target.lines))
    numbers = target_numbers(target) if column_type.kind == "numeric" else None
    return facts if numbers is None else replace(facts, extent=_extent(numbers)[0])


def _text_facts(column_type: ColumnType, column: CodedTexts) -> ColumnFacts:
    counts = column.counts()
    in_order = np.argsort(-counts, kind="stable")[:FREQUENT_VALUES].tolist()
    return ColumnFacts(
        type=column_type,
        rows=len(column.codes),
        unique=int(np.count_nonzero(counts)),
        frequent=tuple((column.texts[code], int(counts[code])) for code in in_order if counts[code]),
        digest=hashlib.blake2b(column.codes.astype(np.int32).tobytes()).digest(),
    )


def _date_facts(column_type: ColumnType, numbers: FloatArray) -> ColumnFacts:
    """Facts about dates; `numbers` (N,) are those of the last part: days since the first date, or hours."""
    facts = _number_facts(column_type, numbers)
    form, extent = column_type.format, facts.extent
    span = None
    if isinstance(form, DateFormat) and extent is not None:
        first = date.fromisoformat(form.since)
        ends = [first + timedelta(days=int(days)) for days in (extent.low, extent.high)]
        span = ends[0].isoformat(), ends[1].isoformat()
    return replace(
        facts, extent=None if span else extent, span=span, unique=column_type.unique or facts.unique
    )


def _number_facts(column_type: ColumnType, numbers: FloatArray) -> ColumnFacts:
    extent, unique = _extent(numbers)
    return ColumnFacts(
        type=column_type,
        rows=len(numbers),
        unique=unique,
        extent=extent,
        digest=hashlib.blake2b((numbers + 0.0).tobytes()).digest(),  # 0 and -0 are one number
    )


def _extent(numbers: FloatArray) -> tuple[Extent | None, int]:
    """What is known about the numbers (N,), NaN if missing; and how many are different."""
    ascending = np.sort(numbers)  # NaN last
    ascending = ascending[: len(ascending) - int(np.count_nonzero(np.isnan(numbers)))]
    if not ascending.size:
        return None, 0
    is_new = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=is_new[1:])
    starts = np.flatnonzero(is_new)
    ends = ascending[[*starts[:2].tolist(), *starts[-2:].tolist()]].tolist()
    middle = len(ascending) // 2
    median = ascending[middle] if len(ascending) % 2 else ascending[middle - 1 : middle + 1].mean()
    count = min(2, len(starts))
    extent = Extent(
        low=float(ascending[0]),
        median=float(median),
        high=float(ascending[-1]),
        integral=bool(np.array_equal(ascending, np.floor(ascending))),
        lowest=tuple(ends[:count]),
        highest=tuple(ends[-count:]),
        few=tuple(ascending[starts].tolist()) if len(starts) <= FEW_NUMBERS else (),
    )
    return extent, len(starts)
