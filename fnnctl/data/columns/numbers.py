"""What counts as a number in a data file, and how numbers written as text are sorted.

A plain number is finite and written as by a spreadsheet or a C program: ASCII digits, a decimal point, an
exponent. Python's `float` also accepts `1_000`, `١٢` and `inf`, which are more likely mistakes here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import numpy as np
from pydantic_core import from_json

from fnnctl.arrays import FloatArray
from fnnctl.text import printable, quoted

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ZERO_FIRST = re.compile(r"0[0-9]+")
_ALIKE = str.maketrans("23456789 \t\n\r\f\v", "11111111,,,,,,")
"""Turns each digit except 0 into 1, and each white space into a comma."""
_WITH_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+|[+-]?\d{1,3}(?:,\d{3})+\.\d+", re.ASCII)
"""`3,5`, `1.234,56` or `1,234.56`."""


def plain_number(text: str) -> float | None:
    """Return the value of a plain number without surrounding blanks, else None."""
    if not _PLAIN.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def first_code(texts: Iterable[str]) -> str | None:
    """The first text of digits that begins with a zero, such as the zip code `01234`."""
    return next(filter(_ZERO_FIRST.fullmatch, texts), None)


def are_codes(texts: Sequence[str]) -> bool:
    """Whether texts are digits and some begin with a zero."""
    return first_code(texts) is not None and all(text.isascii() and text.isdigit() for text in texts)


def have_code(values: Sequence[str], missing: frozenset[str]) -> bool:
    """Whether one of the values, with surrounding blanks, is of digits and begins with a zero."""
    if not _may_have_code(",".join(values)):
        return False
    return first_code(text for value in values if (text := value.strip()) not in missing) is not None


def _may_have_code(joined: str) -> bool:
    """Whether one of the values, joined by commas, may be a code; much quicker than looking at each."""
    alike = f",{joined}".translate(_ALIKE)
    return ",01" in alike or ",00" in alike


def plain_numbers(values: Sequence[str], missing: frozenset[str]) -> FloatArray | None:
    """Convert a block of values at once: (n,) float64, NaN if missing; None if another value is no number."""
    return numbers_with_codes(values, missing)[0]


def numbers_with_codes(values: Sequence[str], missing: frozenset[str]) -> tuple[FloatArray | None, bool]:
    """The result of `plain_numbers`, and whether a value may be a code."""
    numbers, codes = _floats(values)
    if numbers is None or not np.isfinite(numbers).all():  # only then the slow search for missing texts
        numbers, codes = _floats(["nan" if value.strip() in missing else value for value in values])
        if numbers is None:
            return None, codes
        gaps = np.flatnonzero(~np.isfinite(numbers)).tolist()
        if any(values[gap].strip() not in missing for gap in gaps):
            return None, codes
    remove_missing(numbers, missing)
    return numbers, codes


def remove_missing(numbers: FloatArray, missing: frozenset[str], dtype: np.dtype[Any] | None = None) -> None:
    """Replace, in place, the numbers that equal one of the missing values, however it is written, by NaN.

    `dtype` is the type that the numbers came with, if not float64: -999.9 is another number in float32.
    """
    if not (amounts := numbers_among(missing)):
        return
    codes = np.array(amounts)
    if dtype is not None and dtype.kind == "f":
        with np.errstate(over="ignore"):  # the type may not have so large a number
            codes = codes.astype(dtype).astype(np.float64)
    numbers[np.isin(numbers, codes)] = np.nan


@cache
def numbers_among(texts: frozenset[str]) -> tuple[float, ...]:
    """The values of the plain numbers among the texts."""
    return tuple(number for text in sorted(texts) if (number := plain_number(text)) is not None)


def with_other_texts(missing: frozenset[str]) -> frozenset[str]:
    """The texts, and those that the numbers among them have as floating-point and whole numbers.

    A category that is a number by its type has the text of this type: `-999.0` where the missing value is
    `-999`.
    """
    numbers = numbers_among(missing)
    return missing | {*map(repr, numbers), *(str(int(number)) for number in numbers if number.is_integer())}


def _floats(values: Sequence[str]) -> tuple[FloatArray | None, bool]:
    """(n,) float64, None if a value is no float or one for Python only; and whether a value may be a code.

    A code is no number in JSON, so numbers that the JSON parser accepts are none.
    """
    joined = ",".join(values)
    if "_" in joined or not joined.isascii():
        return None, True
    numbers = _json_numbers(joined, len(values))
    if numbers is not None:
        return numbers, False
    try:
        return np.fromiter(map(float, values), np.float64, len(values)), _may_have_code(joined)
    except ValueError:
        return None, True


def _json_numbers(joined: str, count: int) -> FloatArray | None:
    """The numbers of a text with commas between them, (count,), if each is a number in JSON as well.

    The JSON parser reads them three times as fast as `float`, and to the same bits. The number -0 is left to
    `float`, because it is an integer in JSON, without its sign.
    """
    text = joined.encode()
    if text.translate(None, b"0123456789+-.eE,") or b"-0," in text or text.endswith(b"-0"):
        return None
    try:
        numbers = from_json(b"[%b]" % text)
        return np.fromiter(numbers, np.float64, count) if len(numbers) == count else None
    except (ValueError, OverflowError):
        return None


def almost_number(text: str) -> str | None:
    """Say why `text` is not a plain number although it is nearly one; None for any other text."""
    if _WITH_COMMA.fullmatch(text):
        return f"{quoted(text)} has a comma: write numbers like 1234.5"
    try:
        value = float(text)
    except ValueError:
        return None
    if "_" in text:
        return f"{quoted(text)} has an underscore: write {printable(text.replace('_', ''))}"
    if not text.isascii():
        return f"{quoted(text)} has digits other than 0 to 9"
    if not math.isfinite(value):
        return f"{quoted(text)} is not a finite number"
    return None


def number_problem(text: str) -> str:
    """Why a text that is no plain number cannot be read."""
    return almost_number(text) or f"{quoted(text)} is not a number"


def ordered(texts: Iterable[str]) -> tuple[str, ...]:
    """Sort by value if all are plain numbers (`2` before `10`), else as text."""
    texts = sorted(texts)
    if any(plain_number(text) is None for text in texts):
        return tuple(texts)
    return tuple(sorted(texts, key=_exact))


def _exact(text: str) -> Decimal:
    """The value of a plain number without rounding; rounded if its exponent is too long for `Decimal`."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(float(text))
