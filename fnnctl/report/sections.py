"""The kinds of sections in a report, for every format, and the formatting of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTHING: Final = "–"
DECIMALS: Final = 4
LARGEST: Final = 1e9
"""Larger numbers are written with an exponent."""
SMALLEST: Final = 1e-12
"""Smaller numbers are rounding errors: they are written as 0."""


@dataclass(frozen=True, slots=True)
class TableSection:
    """Rows under a header."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[int, ...] = (0,)
    """The columns that hold texts; the others hold numbers."""
    unbroken: tuple[int, ...] = ()
    """The columns of texts that a terminal does not break into lines."""
    notes: tuple[str, ...] = ()
    """Sentences below the table."""


@dataclass(frozen=True, slots=True)
class FactList:
    """Facts: pairs of a name and a text."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences, one per row."""

    title: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileList:
    """Files in the run folder, each with a description of its content."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command, one part per row."""

    title: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a config, which can be pasted."""

    title: str
    rows: tuple[str, ...]


Section = TableSection | FactList | Notes | FileList | Command | Excerpt


def command_lines(command: Command) -> list[str]:
    """The command as lines that can be pasted into a shell: all but the last end with a backslash."""
    first, *others = command.rows
    lines = [first, *(f"  {part}" for part in others)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def number(value: object) -> str:
    """A metric as text: four decimals (fewer for large values), intervals with a dash, counts with commas."""
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    if isinstance(value, float):
        if abs(value) < SMALLEST:
            value = 0.0
        elif not 0.001 <= abs(value) < LARGEST:
            return f"{value:.2e}"
        whole_digits = len(str(int(abs(value))))
        return f"{value:,.{max(0, DECIMALS + 1 - whole_digits)}f}"
    if isinstance(value, list) and len(value) == 2:
        low, high = map(number, value)
        return f"{low} – {high}" if "-" in low + high else f"{low}–{high}"  # a minus looks like a dash
    return NOTHING


def seconds_text(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
