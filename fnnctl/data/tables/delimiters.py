"""Detects the character that separates the values of a CSV file, unless its first line says it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 20
_DECLARATION = re.compile(r"[\"'\s]*sep\s*=(.*)", re.IGNORECASE | re.DOTALL)


def declared_delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter of a first line such as `sep=;`, which Excel reads; None if it is another line."""
    found = _DECLARATION.fullmatch(lines[0]) if lines else None
    if found is None:
        return None
    value = found[1].rstrip("\r\n")
    bare = value.strip("\"' ") or value.strip("\"'")[:1]
    if bare == "\\t":
        return "\t"
    return bare if len(bare) == 1 and not bare.isalnum() else None


def find_delimiter(lines: Sequence[str]) -> str:
    """Choose the delimiter with which most of the first records have as many values as the header.

    `lines` are the first lines of the file. In a tie, the delimiter that gives more columns wins. A file
    without any of the delimiters has one column, and any delimiter works.
    """
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return (number of records as wide as the header, that width); (0, 1) if the header has one column."""
    widths = []
    with suppress(csv.Error):  # reported with its line when the whole file is read
        for record in islice(csv.reader(lines, delimiter=delimiter), SAMPLE_RECORDS):
            widths += [len(record)] if record else []
    if not widths or widths[0] == 1:
        return 0, 1
    return widths.count(widths[0]), widths[0]
