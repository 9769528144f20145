"""The kinds of sections that reports of every format are made of, and the text of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class TableSection:
    """Rows under a header; every column but the first holds numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


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
    """Files of the run's folder, each with what it contains."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command, one part per row."""

    title: str
    rows: tuple[str, ...]


Section = TableSection | FactList | Notes | FileList | Command


def command_lines(command: Command) -> list[str]:
    """The command as lines that can be pasted into a shell: all but the last end with a backslash."""
    first, *others = command.rows
    lines = [first, *(f"  {part}" for part in others)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def number(value: object) -> str:
    """A metric as text: four decimals, an interval with a dash, a count with thousands separators."""
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or 0.001 <= abs(value) < 1e6 else f"{value:.2e}"
    if isinstance(value, list) and len(value) == 2:
        return f"{number(value[0])} – {number(value[1])}"
    return NOTHING


def seconds_text(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
