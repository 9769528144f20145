"""Declared patterns of dates, in a part of the notation of `strptime`, read without a locale."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from fnnctl.data.tables.formats.moments import MONTHS, Moment, day_and_second, full_year, seconds
from fnnctl.text import shown

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


def pattern_fault(pattern: str) -> str | None:
    """Why a text is not a pattern of a date; None if it is."""
    directives = re.findall("%(.?)", pattern, re.DOTALL)
    for directive in directives:
        if directive not in DIRECTIVES:
            known = " ".join(f"%{name}" for name in DIRECTIVES if name != "%")
            return f"{shown('%' + directive)} is not supported; use {known}"
    try:
        groups = set(_compiled(pattern).groupindex)
    except re.error:
        return f"{shown(pattern)} has a part of the date twice"
    if not ({"Y", "d"} <= groups and groups & {"m", "b"}):
        return f"{shown(pattern)} needs a year, a month and a day, such as %d/%m/%Y"
    if {"M", "S", "p"} & groups and "H" not in groups:
        return f"{shown(pattern)} has minutes without the hour"
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
        "".join(DIRECTIVES[piece] if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
    )
