"""The kinds of sections in a report, for every format, and the formatting of numbers."""

from __future__ import annotations

from dataclasses import dataclass


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
