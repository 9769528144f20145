"""Numbers on the command line: what is none is refused in a sentence of fnnctl's own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from fnnctl.errors import UsageError
from fnnctl.text import shown

MOST_DIGITS = 100
"""Python refuses to convert thousands of digits, and no option means that many."""


def whole_number(option: str, *, least: int | None = None) -> Callable[[str], int]:
    """What converts the option's text. It raises `UsageError` for all but whole numbers from `least`."""
    wanted = "a whole number" if least is None else f"a whole number of at least {least}"

    def convert(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]+", text) and len(text) <= MOST_DIGITS:
            number = int(text)
            if least is None or number >= least:
                return number
        raise UsageError(f"{option}: must be {wanted}, not {shown(text)}")

    return convert


def seconds(option: str) -> Callable[[str], float]:
    """What converts the option's text. It raises `UsageError` for all but numbers from 0."""

    def convert(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not number >= 0:
            raise UsageError(f"{option}: must be a number of seconds, 0 or more, not {shown(text)}")
        return number

    return convert
