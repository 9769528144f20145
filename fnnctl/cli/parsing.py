"""Parses numbers and column names on the command line; anything else is refused with fnnctl's own message."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence

from fnnctl.errors import UsageError
from fnnctl.text import meant_number, quoted

MAX_DIGITS = 100
"""Python refuses to convert thousands of digits, and no option needs that many."""
MAX_DECIMALS = 17
"""More digits after the decimal point say nothing about a probability."""


def whole_number(option: str, *, least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    """A converter of the option's text; it raises `UsageError` unless that is such a whole number."""
    requirement = "a whole number" if least is None else f"a whole number of at least {least}"
    if most is not None:
        requirement = f"a whole number from {least} to {most}"

    def convert(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]+", text) and len(text) <= MAX_DIGITS:
            number = int(text)
            if (least is None or number >= least) and (most is None or number <= most):
                return number
        raise UsageError(f"{option}: must be {requirement}, not {quoted(text)}")

    return convert


def seconds(option: str) -> Callable[[str], float]:
    """A converter of the option's text, such as `90`, `90s` or `5m`, to seconds.

    It raises `UsageError` unless the text is a finite number >= 0, in seconds or with a unit of `UNITS`.
    """

    def convert(text: str) -> float:
        number, unit = (text[:-1], UNITS[text[-1]]) if text[-1:] in {*UNITS} else (text, 1.0)
        try:
            value = float(number) * unit
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:  # true for NaN too
            raise UsageError(f"{option}: must be a time such as 90, 90s, 5m or 1h, not {quoted(text)}")
        return value

    return convert


def number_from_0(option: str, *, most: float | None = None) -> Callable[[str], float]:
    """A converter of the option's text; it raises `UsageError` unless that is a finite number >= 0."""
    requirement = "a number, 0 or more" if most is None else f"a number from 0 to {most:g}"

    def is_allowed(number: float) -> bool:  # NaN is not
        return 0 <= number < math.inf and (most is None or number <= most)

    def convert(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not is_allowed(number):
            meant = meant_number(text)
            hint = "" if meant is None or not is_allowed(meant) else f" (write {meant:g})"
            if most == 1 and 10 <= number <= 100:  # percent
                hint = f" (write {number / 100:g})"
            raise UsageError(f"{option}: must be {requirement}, not {quoted(text)}{hint}")
        return number

    return convert


def share(option: str) -> Callable[[str], float]:
    """A converter of the option's text; it raises `UsageError` unless that is a number from 0 to 1."""
    return number_from_0(option, most=1)


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
"""The units of times and ages, in seconds."""


def age(option: str) -> Callable[[str], float]:
    """A converter of the option's text, such as `30d`, to seconds; it raises `UsageError` for other texts."""

    def convert(text: str) -> float:
        match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhdw])", text.strip())
        if match is None:
            raise UsageError(
                f"{option}: must be a number with a unit, such as 90m, 12h, 30d or 8w, not {quoted(text)}"
            )
        return float(match[1]) * UNITS[match[2]]

    return convert


ALL = "all"
_QUOTING = "quote a name with a comma in it: '\"a, b\"'"


def column_names(option: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The names in the words of a repeatable option, as in a CSV header; None if a word is `all`.

    Raises `UsageError` if a name is blank, or if a quote is not closed.
    """
    if ALL in words:
        return None
    advice = "write names with commas between them, or all"
    return tuple(name for word in words for name in _header_names(option, word, advice))


def column_pairs(option: str, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The two names in each word of a repeatable option, as in a CSV header; a pair counts once.

    Raises `UsageError` if a word has not two names.
    """
    pairs: list[tuple[str, str]] = []
    for word in words:
        advice = "write the names of two columns with a comma between them"
        names = _header_names(option, word, advice)
        if len(names) != 2:
            quoting = f"; {_QUOTING}" if len(names) > 2 else ""
            raise UsageError(f"{option} {quoted(word)}: {advice}{quoting}")
        pairs.append((names[0], names[1]))
    return tuple(dict.fromkeys(pairs))


def _header_names(option: str, word: str, advice: str) -> list[str]:
    """The names in a word as in a CSV header; raises `UsageError`, with advice, if there is none."""
    try:
        (cells,) = csv.reader([word], strict=True, skipinitialspace=True)
    except (csv.Error, ValueError):
        cells = []
    names = [name.strip() for name in cells]
    if not names or not all(names):
        raise UsageError(f"{option} {quoted(word)}: {advice}; {_QUOTING}")
    return names
