"""Detects which character separates the values of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 20


def find_delimiter(lines: Sequence[str]) -> str:
    """Choose the delimiter under which most of the first records have the header's width.

    `lines` are the file's first lines. Among equals the one with more columns wins. A file without any
    delimiter has one column, for which any delimiter will do.
    """
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return (records of the header's width, that width); (0, 1) if the header is not divided."""
    widths = []
    with suppress(csv.Error):  # reported with its line when the whole file is read
        for record in islice(csv.reader(lines, delimiter=delimiter), SAMPLE_RECORDS):
            widths += [len(record)] if record else []
    if not widths or widths[0] == 1:
        return 0, 1
    return widths.count(widths[0]), widths[0]
