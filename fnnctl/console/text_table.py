"""A table of plain text: one line per row, on any terminal and in any file.

`rich` draws the tables of reports. It takes longer to load than to list a thousand runs, and wraps what does
not fit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

GAP = 2
"""The spaces between two columns."""


def table_lines(
    columns: Mapping[str, Sequence[str]],
    *,
    right: Sequence[str] = (),
    width: int | None = None,
    left_out: Sequence[str] = (),
) -> list[str]:
    """The heading and the rows, one line each.

    `columns` holds the cells by heading; those named in `right` are aligned to the right. If they are wider
    than `width`, columns are left out in the order of `left_out`, as many as it takes.
    """
    widths = {name: max(map(text_width, (name, *cells))) for name, cells in columns.items()}
    names = list(columns)
    for name in left_out:
        if width is None or sum(widths[heading] + GAP for heading in names) - GAP <= width:
            break
        if name in names:
            names.remove(name)
    rows = [names, *zip(*(columns[name] for name in names), strict=True)]
    return [
        (" " * GAP)
        .join(
            _padded(cell, widths[name], to_the_right=name in right)
            for name, cell in zip(names, row, strict=True)
        )
        .rstrip()
        for row in rows
    ]


def text_width(text: str) -> int:
    """The number of columns that a text takes on a terminal: Chinese characters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _padded(text: str, width: int, *, to_the_right: bool) -> str:
    space = " " * (width - text_width(text))
    return space + text if to_the_right else text + space
