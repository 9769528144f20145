"""Dates and times as numbers: the parts that a network can be trained on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import numpy as np
from pydantic import ConfigDict, Field

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.base import (
    Candidate,
    ColumnFormat,
    ColumnKind,
    DeclaredKind,
    Notation,
    number_text,
    read_or_none,
)
from fnnctl.data.columns.formats.moments import (
    SECONDS_PER_DAY,
    DayOrder,
    Moment,
    day_number,
    iso_day,
    pattern_problem,
    read_compact,
    read_hours,
    read_moment,
    read_pattern,
)
from fnnctl.metrics.partial_dependence import AxisKind
from fnnctl.text import quoted

DatePart = Literal["year", "month", "weekday", "hour", "days"]
DATE_PARTS: Final[tuple[DatePart, ...]] = ("year", "month", "weekday", "hour", "days")
_MONDAY: Final = 4
"""1970-01-05 was a Monday."""
_YEAR_FIRST: Final = re.compile("[0-9]{4}[-/.]")


@dataclass(frozen=True, slots=True)
class DateFormat(ColumnFormat):
    """A column of dates. It becomes a numeric column for each of its parts."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    noun: ClassVar[str] = "date"
    column_kind: ClassVar[ColumnKind] = "date"
    declared_as: ClassVar[DeclaredKind] = "date"
    parts: tuple[DatePart, ...]
    """`weekday` is 0 on Monday, `hour` has a fraction, and `days` are those since `since`."""
    since: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """The first date of the training data."""
    order: DayOrder = "month_first"
    """What `3/4/2024` is."""
    pattern: str | None = None
    """The declared pattern; None for every notation that is detected."""
    compact: bool = False
    """Whether dates are also written like 20240131."""
    kind: Literal["date"] = "date"

    def __post_init__(self) -> None:
        day_number(self.since)
        problem = None if self.pattern is None else pattern_problem(self.pattern)
        if problem or not self.parts or len(set(self.parts)) < len(self.parts):
            raise ValueError(problem or "the parts of a date must be different, and at least one")

    @classmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        """The notation that most rows have; texts like 20240131 are dates only if it is `declared`."""
        if (pattern := notation.patterns.get(name)) is not None:
            moments = read_or_none(column.texts, lambda text: read_pattern(text, pattern))
            return _candidate(moments, "month_first", pattern=pattern)
        return _in_any_notation(column, european=notation.european, compact=declared)

    @classmethod
    def problem_with(cls, name: str, text: str, notation: Notation) -> tuple[str, str]:
        """A declared pattern may be wrong itself."""
        if (pattern := notation.patterns.get(name)) is None:
            return super(DateFormat, cls).problem_with(name, text, notation)
        return (
            f"{quoted(text)} is no date of the pattern {quoted(pattern)}",
            "Correct it, or the pattern in data.columns.dates, or add the value to data.missing_values",
        )

    def columns(self, name: str) -> tuple[str, ...]:
        """One column per part."""
        return tuple(f"{name} {part}" for part in self.parts)

    @property
    def ordered_part(self) -> int:
        """The days, which training always has."""
        return self.parts.index("days") if "days" in self.parts else 0

    def ordered_text(self, number: float) -> str:
        """The date, with the time of day if the dates differ in it."""
        of_days = {"days": number, "hour": 24 * (number % 1)}
        return self.text([of_days.get(part, 0.0) for part in self.parts])

    def description(self, name: str, part: str) -> str:
        """What the part of a date counts."""
        words: dict[DatePart, str] = {
            "year": "the year",
            "month": "the month, 1 to 12",
            "weekday": "the day of the week, 0 on Monday",
            "hour": "the hour, with a fraction",
            "days": f"the days since {self.since}, with a fraction",
        }
        return words[self.parts[self.columns(name).index(part)]]

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, parts) float64, NaN for a text that is no date."""
        moments = [self.moment(text) for text in texts]
        columns = date_parts(moments, since=day_number(self.since))
        return np.stack([columns[part] for part in self.parts], axis=1)

    def text(self, values: Sequence[float]) -> str:
        """The date as in ISO 8601, with the time of day if the dates differ in it."""
        parts = dict(zip(self.parts, values, strict=True))
        if math.isnan(values[0]):
            return ""
        if "days" not in parts:  # which training always has
            return ", ".join(f"{part} {number_text(value)}" for part, value in parts.items())
        hour = parts.get("hour", 0.0)
        days = round(parts["days"] - hour / 24) if "hour" in parts else math.floor(parts["days"])
        day = np.datetime64(day_number(self.since) + days, "D")
        return f"{day} {_clock(hour)}" if "hour" in parts else str(day)

    @property
    def axis(self) -> AxisKind:
        """Without the days, which training always has, dates are not ordered."""
        return "date" if "days" in self.parts else "category"

    def positions(self, numbers: FloatArray) -> FloatArray:
        """The days since 1970, with a fraction."""
        if "days" not in self.parts:
            return np.full(len(numbers), np.nan)
        return numbers[:, self.ordered_part] + day_number(self.since)

    def moment(self, text: str) -> Moment | None:
        """The date and time of a text; None if it is no date."""
        if self.pattern is not None:
            return read_pattern(text, self.pattern)
        moment = read_moment(text, self.order)
        return read_compact(text) if moment is None and self.compact else moment


@dataclass(frozen=True, slots=True)
class TimeFormat(ColumnFormat):
    """A column of times of day, or of durations: hours with a fraction."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    noun: ClassVar[str] = "time"
    column_kind: ClassVar[ColumnKind] = "date"
    declared_as: ClassVar[DeclaredKind] = "date"
    kind: Literal["time"] = "time"

    @classmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        """None unless all texts are times: a note such as `noon` among them is no problem."""
        if name in notation.patterns or None in read_or_none(column.texts, read_hours):
            return None
        form = cls()
        return Candidate(form, np.ones(len(column.texts), np.bool_), form.numbers(column.texts))

    def columns(self, name: str) -> tuple[str, ...]:
        """The column of hours."""
        return (f"{name} hour",)

    def description(self, name: str, part: str) -> str:
        """Hours."""
        return "the hours, with a fraction"

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, 1) float64, NaN for a text that is no time."""
        values = [np.nan if (hours := read_hours(text)) is None else hours for text in texts]
        return np.array(values, dtype=np.float64).reshape(-1, 1)

    @property
    def axis(self) -> AxisKind:
        """Hours."""
        return "time"

    def text(self, values: Sequence[float]) -> str:
        """Hours, minutes and, if they are not 0, seconds."""
        return "" if math.isnan(values[0]) else _clock(values[0])


def _clock(hours: float) -> str:
    """`13:05`, or `13:05:20` if the seconds are not 0."""
    minutes, seconds = divmod(math.floor(hours * 3600 + 0.01), 60)  # a float32 is up to 0.005 s off
    clock = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{clock}:{seconds:02}" if seconds else clock


def date_parts(moments: Sequence[Moment | None], *, since: int) -> dict[DatePart, FloatArray]:
    """All parts of n moments, (n,) float64 each, NaN for None; `since` is a day as in a moment."""
    is_known = np.array([moment is not None for moment in moments], dtype=np.bool_)
    pairs = np.array([(0, 0.0) if moment is None else moment for moment in moments], np.float64).reshape(
        -1, 2
    )
    day, seconds = pairs[:, 0], pairs[:, 1]
    dates = day.astype(np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64)
    parts: dict[DatePart, FloatArray] = {
        "year": (months // 12 + 1970).astype(np.float64),
        "month": (months % 12 + 1).astype(np.float64),
        "weekday": (day - _MONDAY) % 7,
        "hour": seconds / 3600,
        "days": day - since + seconds / SECONDS_PER_DAY,
    }
    return {part: np.where(is_known, values, np.nan) for part, values in parts.items()}


def date_format(
    moments: Sequence[Moment], *, order: DayOrder, pattern: str | None = None, compact: bool = False
) -> DateFormat:
    """The format of a column with these distinct moments, n ≥ 1; parts that are constant are left out."""
    since = min(day for day, _ in moments)
    values = date_parts(moments, since=since)
    parts = tuple(part for part in DATE_PARTS if part == "days" or np.ptp(values[part]) > 0)
    return DateFormat(parts, iso_day(since), order, pattern, compact)


def _in_any_notation(column: CodedTexts, *, european: bool, compact: bool) -> Candidate | None:
    """The best order of day and month: `3/4/2024` is in March or in April."""

    def reader(order: DayOrder) -> Callable[[str], Moment | None]:
        def read(text: str) -> Moment | None:
            moment = read_moment(text, order)
            return read_compact(text) if moment is None and compact else moment

        return read

    texts = column.texts
    month_first = read_or_none(texts, reader("month_first"))
    day_first = month_first  # which saves time if no text has a day or a month in front of the year
    if not all(_YEAR_FIRST.match(text) for text in texts):
        day_first = read_or_none(texts, reader("day_first"))
    months, days = (
        sum(int(n) for n, moment in zip(column.counts(), moments, strict=True) if moment is not None)
        for moments in (month_first, day_first)
    )
    if days > months:
        return _candidate(day_first, "day_first", compact=compact)
    if months > days:
        return _candidate(month_first, "month_first", compact=compact)
    differing = [text for text, a, b in zip(texts, month_first, day_first, strict=True) if a != b]
    if not differing:
        return _candidate(month_first, "month_first", compact=compact)
    if all("." in text for text in differing):  # dates with points have the day first
        return _candidate(day_first, "day_first", compact=compact)
    order: DayOrder = "day_first" if european else "month_first"
    part, other_pattern = ("day", "%m/%d/%Y") if european else ("month", "%d/%m/%Y")
    warning = (
        f"the {part} is taken to be first in {quoted(differing[0])}; if it is not, write the pattern, such "
        f"as {other_pattern}, in data.columns.dates"
    )
    moments = day_first if european else month_first
    return _candidate(moments, order, compact=compact, warning=warning)


def _candidate(
    moments: Sequence[Moment | None],
    order: DayOrder,
    *,
    compact: bool = False,
    pattern: str | None = None,
    warning: str | None = None,
) -> Candidate | None:
    readable = [moment for moment in moments if moment is not None]
    if not readable:
        return None
    form = date_format(readable, order=order, pattern=pattern, compact=compact)
    parts = date_parts(moments, since=day_number(form.since))
    numbers = np.stack([parts[part] for part in form.parts], axis=1)
    return Candidate(form, np.array([moment is not None for moment in moments], np.bool_), numbers, warning)
