"""Dates and times as they are written in tables, in common notations or in declared patterns, read without a
locale.

A moment is the day since 1970-01-01 and the second of that day, in UTC if a time zone is given. A declared
pattern is in a part of the notation of `strptime`.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Final, Literal

from fnnctl.text import quoted

DayOrder = Literal["day_first", "month_first"]
Moment = tuple[int, float]

_EPOCH = date(1970, 1, 1).toordinal()
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
MONTHS = {
    name: number for number, month in enumerate(_MONTH_NAMES, start=1) for name in (month, month[:3])
} | {"sept": 9}

_TIME = (
    r"(?P<H>[0-9]{1,3}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}(?:[.,][0-9]{1,9})?))?(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = r"(?: ?(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<zh>[0-9]{2})(?::?(?P<zm>[0-9]{2}))?))?"
_WITH_TIME = rf"(?:(?:T|,? +){_TIME}{_ZONE})?"
_NUMERIC = re.compile(
    rf"(?P<a>[0-9]{{1,4}})(?P<mark>[-/.])(?P<b>[0-9]{{1,2}})(?P=mark)(?P<c>[0-9]{{1,4}}){_WITH_TIME}"
)
_DAY_NAME = re.compile(
    rf"(?P<d>[0-9]{{1,2}})[- ](?P<b>[A-Za-z]{{3,9}})(?:[- ]|\.?,? )(?P<Y>[0-9]{{4}}|[0-9]{{2}}){_WITH_TIME}"
)
_NAME_DAY = re.compile(
    rf"(?P<b>[A-Za-z]{{3,9}})\.? (?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<Y>[0-9]{{4}}){_WITH_TIME}"
)
_TIME_ALONE = re.compile(_TIME)
_COMPACT = re.compile(r"(?P<Y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})")
SECONDS_PER_DAY = 86400
DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<Y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "B": r"(?P<b>[A-Za-z]{3,9})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<H>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2}(?:[.,][0-9]{1,9})?)",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "%": "%",
}
"""What each directive matches."""


def read_moment(text: str, order: DayOrder) -> Moment | None:
    """Read a date, with or without a time; None if `text` is none. `order` decides what `3/4/2024` is."""
    if match := _NUMERIC.fullmatch(text):
        ymd = _numeric_date(match, order)
        return None if ymd is None else _moment(*ymd, match)
    match = _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text)
    if match is None or (month := MONTHS.get(match["b"].lower())) is None:
        return None
    return _moment(full_year(match["Y"]), month, int(match["d"]), match)


def read_compact(text: str) -> Moment | None:
    """Read a date like 20240131, which looks like a number, so that only a declared column has it."""
    match = _COMPACT.fullmatch(text)
    return None if match is None else day_and_second(int(match["Y"]), int(match["m"]), int(match["d"]))


def read_hours(text: str) -> float | None:
    """Read a time of day, or a duration, in hours; None if `text` is none."""
    match = _TIME_ALONE.fullmatch(text)
    if match is None:
        return None
    second = seconds(match["H"], match["M"], match["S"], match["p"], most=999)
    return None if second is None else second / 3600


def full_year(text: str) -> int:
    """The year; with two digits, one from 1969 to 2068, as the C library has it."""
    year = int(text)
    return year if len(text) > 2 else year + (1900 if year > 68 else 2000)


def day_and_second(year: int, month: int, day: int, second: float = 0.0) -> Moment | None:
    """The moment; None if there is no such day. `second` may be outside the day."""
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    days, second = divmod(second, SECONDS_PER_DAY)
    ordinal += int(days)
    return (ordinal - _EPOCH, second) if 1 <= ordinal <= date.max.toordinal() else None


def day_number(iso: str) -> int:
    """The days from 1970-01-01 to a date like 2024-01-31; raises ValueError for another text."""
    return date.fromisoformat(iso).toordinal() - _EPOCH


def iso_day(number: int) -> str:
    """The date of a day that is counted from 1970-01-01."""
    return date.fromordinal(number + _EPOCH).isoformat()


def seconds(
    hour: str, minute: str | None, second: str | None, half: str | None, *, most: int = 23
) -> float | None:
    """The seconds since midnight; None if a part is out of range. `half` is the A or P of AM and PM."""
    h, m = int(hour), int(minute or 0)
    s = float(second.replace(",", ".")) if second else 0.0
    if half:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if half in "Pp" else 0)
    if h > most or m > 59 or s >= 60:
        return None
    return 3600 * h + 60 * m + s


def _numeric_date(match: re.Match[str], order: DayOrder) -> tuple[int, int, int] | None:
    a, b, c, mark = match["a"], match["b"], match["c"], match["mark"]
    if len(a) == 4:
        return (int(a), int(b), int(c)) if len(c) <= 2 else None
    if len(a) > 2 or len(c) == 3 or len(c) == 1:
        return None
    if len(c) == 2 and not (mark == "/" or (mark == "." and len(a) == len(b) == 2)):
        return None  # `1.10.24` may be a version
    day, month = (a, b) if order == "day_first" else (b, a)
    return full_year(c), int(month), int(day)


def _moment(year: int, month: int, day: int, match: re.Match[str]) -> Moment | None:
    if match["H"] is None:
        return day_and_second(year, month, day)
    second = seconds(match["H"], match["M"], match["S"], match["p"])
    if second is None:
        return None
    if match["sign"]:
        offset = 60 * (60 * int(match["zh"]) + int(match["zm"] or 0))
        second += offset if match["sign"] == "-" else -offset
    return day_and_second(year, month, day, second)


def pattern_problem(pattern: str) -> str | None:
    """Why a text is not a pattern of a date; None if it is."""
    directives = re.findall("%(.?)", pattern, re.DOTALL)
    for directive in directives:
        if directive not in DIRECTIVES:
            listing = " ".join(f"%{name}" for name in DIRECTIVES if name != "%")
            return f"{quoted('%' + directive)} is not supported; use {listing}"
    try:
        groups = set(_compiled(pattern).groupindex)
    except re.error:
        return f"{quoted(pattern)} has a part of the date twice"
    if not ({"Y", "d"} <= groups and groups & {"m", "b"}):
        return f"{quoted(pattern)} needs a year, a month and a day, such as %d/%m/%Y"
    if {"M", "S", "p"} & groups and "H" not in groups:
        return f"{quoted(pattern)} has minutes without the hour"
    return None


def read_pattern(text: str, pattern: str) -> Moment | None:
    """Read a text that has a valid pattern; None if it has another."""
    match = _compiled(pattern).fullmatch(text)
    if match is None:
        return None
    part = match.groupdict()
    month = int(part["m"]) if part.get("m") else MONTHS.get(part["b"].lower(), 0)
    second: float | None = 0.0
    if part.get("H"):
        second = seconds(part["H"], part.get("M"), part.get("S"), part.get("p"))
    if second is None:
        return None
    return day_and_second(full_year(part["Y"]), month, int(part["d"]), second)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.split("%(.)", pattern, flags=re.DOTALL)
    return re.compile(
        "".join(DIRECTIVES[piece] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )
