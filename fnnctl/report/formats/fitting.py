"""Fits blocks of lines into a short report, whatever names the data and the config contain."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from fnnctl.text import plain_text, truncate_end, truncate_middle, truncate_names

BRACKETS: Final = ("()", "[]", "{}")


@dataclass(frozen=True, slots=True)
class FittingLines:
    """Lines of a report that can be made fewer."""

    full: int
    """The number of its lines if there is enough room."""
    lines: Callable[[int], list[str]]
    """Its content in at most this many lines, but at least one."""
    least: int = 1
    """With fewer lines it says nothing, as a table that has only its header."""


def fit_name(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; the middle of a longer one is left out."""
    return truncate_middle(plain_text(text), width, cell_len)


def fit_names(names: Iterable[str], width: int) -> list[str]:
    """The names of one list as by `fit_name`, but so that they still differ."""
    return truncate_names([*map(plain_text, names)], width, cell_len)


def fit_columns(rows: Iterable[Sequence[str]], widths: Mapping[int, int]) -> list[tuple[str, ...]]:
    """The rows with the names in these columns short enough for the columns' widths."""
    columns = enumerate(zip(*rows, strict=True))
    fitted = (fit_names(column, widths[index]) if index in widths else column for index, column in columns)
    return [*zip(*fitted, strict=True)]


def fit_sentence(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; the last words of a longer one are left out."""
    text = plain_text(text)
    return text if cell_len(text) <= width else shortened(text, 1, width)[0]


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells.

    A path may be longer, as it is of no use in parts; of any other longer word the middle is left out.
    """
    lines = [""]
    for word in plain_text(text).split():
        piece = word if "/" in word else fit_name(word, width)
        line = f"{lines[-1]} {piece}".strip()
        if not lines[-1] or cell_len(line) <= width:
            lines[-1] = line
        else:
            lines.append(piece)
    return lines


def shortened(text: str, count: int, width: int, *, by_items: bool = False) -> list[str]:
    """The text in at most `count` lines of at most `width` cells; `…` replaces the end of a longer one.

    It is cut after the last item or word that fits: see `_item_ends`. If none does, it is cut anywhere.
    """
    text = plain_text(text)
    lines = wrapped(text, width)
    if len(lines) <= count and max(map(cell_len, lines)) <= width:
        return lines

    def is_too_long(end: int) -> bool:
        cut = wrapped(f"{text[:end]} …", width)
        return len(cut) > count or max(map(cell_len, cut)) > width

    words = [match.start() for match in re.finditer(" ", text)]
    for ends in (_item_ends(text), words) if by_items else (words,):
        if fitting := bisect_right(ends, False, key=is_too_long):
            return wrapped(f"{text[: ends[fitting - 1]]} …", width)
    return [truncate_end(" ".join(lines), width, cell_len)]


def _item_ends(text: str) -> list[int]:
    """Where the items of a list end: after a comma or semicolon and before a blank, outside of brackets."""
    ends = (match.end() for match in re.finditer(r"[,;](?= )", text))
    return [
        end
        for end in ends
        if all(text.count(opened, 0, end) <= text.count(closed, 0, end) for opened, closed in BRACKETS)
    ]


def aligned(rows: Sequence[Sequence[str]], *, texts: Sequence[int], gap: int = 2) -> list[str]:
    """The rows of a table as lines; columns of `texts` are aligned to the left, the others to the right."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        (" " * gap)
        .join(_padded(cell, widths[index], left=index in texts) for index, cell in enumerate(row))
        .rstrip()
        for row in rows
    ]


def narrowed(
    rows: Sequence[Sequence[str]], width: int, *, texts: Sequence[int], gap: int = 2
) -> list[tuple[str, ...]]:
    """The rows with texts short enough for `width` cells: they share evenly what numbers leave of it."""
    widths = [max(map(cell_len, map(plain_text, column))) for column in zip(*rows, strict=True)]
    room = width - gap * (len(widths) - 1)
    room -= sum(cells for index, cells in enumerate(widths) if index not in texts)
    columns = sorted((index for index in texts if index < len(widths)), key=lambda index: widths[index])
    for left, index in zip(range(len(columns), 0, -1), columns, strict=True):
        widths[index] = min(widths[index], max(room // left, 1))
        room -= widths[index]
    return fit_columns(rows, {index: widths[index] for index in columns})


def allotted(
    blocks: Sequence[FittingLines],
    growth: Sequence[Sequence[int]],
    room: int,
    *,
    gaps: Sequence[int],
) -> list[int]:
    """How many of the `room` lines each block gets.

    Round by round and in their order, each block may grow to the number of lines that its `growth` has for
    the round, as far as there is room. A block that would have fewer lines than its `least` stays out. One
    that is shown has the blank lines in `gaps` before it.
    """
    counts = [0] * len(blocks)
    for number in range(max(map(len, growth), default=0)):
        for index, block in enumerate(blocks):
            most = min(growth[index][min(number, len(growth[index]) - 1)], block.full)
            gap = 0 if counts[index] else gaps[index]
            more = min(most - counts[index], room - gap)
            if more > 0 and counts[index] + more >= block.least:
                counts[index] += more
                room -= more + gap
    return counts


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - cell_len(text))
    return text + space if left else space + text
