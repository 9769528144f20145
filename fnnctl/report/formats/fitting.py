"""Fits texts and blocks of lines into a short report, whatever names the data and the config contain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from fnnctl.text import plain_text, truncate_end, truncate_middle


@dataclass(frozen=True, slots=True)
class FittingLines:
    """Lines of a report that can be made fewer."""

    full: int
    """The number of its lines if there is enough room."""
    lines: Callable[[int], list[str]]
    """Its content in at most so many lines, but at least one."""
    least: int = 1
    """With fewer lines it says nothing, as a table that has only its header."""


def fit_name(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; the middle of a longer one is left out."""
    return truncate_middle(plain_text(text), width, cell_len)


def fit_sentence(text: str, width: int) -> str:
    """The text on one line of at most `width` cells; the end of a longer one is left out."""
    return truncate_end(plain_text(text), width, cell_len)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells.

    A path may be longer, as it is of no use in parts; of any other longer word the middle is left out.
    """
    lines = [""]
    for word in plain_text(text).split():
        shown = word if "/" in word else fit_name(word, width)
        joined = f"{lines[-1]} {shown}".strip()
        if not lines[-1] or cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(shown)
    return lines


def aligned(rows: Sequence[Sequence[str]], *, texts: Sequence[int], gap: int = 2) -> list[str]:
    """The rows of a table as lines; columns of `texts` are aligned to the left, the others to the right."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        (" " * gap)
        .join(_padded(cell, widths[place], left=place in texts) for place, cell in enumerate(row))
        .rstrip()
        for row in rows
    ]


def allotted(
    blocks: Mapping[str, FittingLines],
    steps: Sequence[tuple[str, int]],
    room: int,
    *,
    gaps: Mapping[str, int],
) -> dict[str, int]:
    """How many of the `room` lines each block gets.

    Each step lets a block grow to so many lines, as far as there is room; the first steps matter most. A
    block that would have fewer lines than its `least` stays out. One that is shown has the blank lines in
    `gaps` before it.
    """
    found = dict.fromkeys(blocks, 0)
    for name, most in steps:
        if name not in blocks:
            continue
        gap = 0 if found[name] else gaps.get(name, 0)
        wanted = min(most, blocks[name].full) - found[name]
        given = min(wanted, room - gap)
        if given > 0 and found[name] + given >= blocks[name].least:
            found[name] += given
            room -= given + gap
    return found


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - cell_len(text))
    return text + space if left else space + text
