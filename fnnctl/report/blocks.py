"""The kinds of blocks that a document consists of.

Topics make blocks; formats render them and know no topics. The text of a block is not escaped: each format
escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fnnctl.report.words import NOTHING, number

FIGURES: Final = "Figures"
"""The heading of the figures that belong to no other one."""


@dataclass(frozen=True, slots=True)
class Table:
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
    keeps_end: bool = False
    """Whether the last rows matter most: if there is no room for all, the first ones are left out."""
    short: Table | None = None
    """The table in short reports, if it has other columns there."""
    narrow: Table | None = None
    """The table in a complete report on a terminal, if it is shorter or narrower there."""
    lines: tuple[int, ...] = ()
    """How many lines a short report may give it, round by round; see `formats.short_terminal`."""
    counts_rest: bool = False
    """Whether a short report that has no room for all rows says how many it leaves out."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of a name and a text."""

    title: str
    rows: tuple[tuple[str, str], ...]


class Facts(_Pairs):
    """A name and a text per row. Empty lines in a text separate paragraphs."""

    __slots__ = ()


class Files(_Pairs):
    """Files in the run folder, each with a description of its content."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Lines:
    """Texts, one per row."""

    title: str
    rows: tuple[str, ...]


class Notes(_Lines):
    """Sentences, one per row."""

    __slots__ = ()


class Failure(_Lines):
    """Why a run has no results, or not all of them."""

    __slots__ = ()


class Warnings(_Lines):
    """Warnings, one per row. No format leaves one out."""

    __slots__ = ()


class Command(_Lines):
    """A shell command, one part per row."""

    __slots__ = ()


class Excerpt(_Lines):
    """Lines of a config, which can be pasted."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of the part on which a run is judged."""

    label: str
    value: float
    interval: tuple[float, float] | None = None
    """Of 95 %; None if there is none."""
    baseline: float | None = None
    """The metric of the baseline on the same rows."""
    is_loss: bool = False
    """Whether lower values are better."""

    @property
    def interval_text(self) -> str:
        """The interval; a dash if there is none."""
        return number([*self.interval]) if self.interval else NOTHING


@dataclass(frozen=True, slots=True)
class Scores:
    """The first scores of a run."""

    title: str
    measured: str
    """Where they were measured, such as `test part`."""
    rows: tuple[Score, ...]
    others: tuple[Score, ...] = ()
    """Further metrics, which only a table of several runs may need."""

    @property
    def table(self) -> Table:
        """One row per metric."""
        header = (self.measured, "value", "95 % interval", "baseline")
        rows = (
            (score.label, number(score.value), score.interval_text, number(score.baseline))
            for score in self.rows
        )
        return Table(self.title, header, tuple(rows))


@dataclass(frozen=True, slots=True)
class DrawnNumbers:
    """Rows of a file, which a figure shows."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    source: str
    """The name of the file."""
    count: int
    """The number of all its rows."""


def _no_numbers() -> None:
    """For figures whose numbers are in a table beside them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, which is drawn when a page shows it; texts show none."""

    title: str
    file: str
    """The name of its PNG in the run's folder."""
    draw: Callable[[], Any]
    """Returns a matplotlib figure, or None if there is nothing to draw."""
    in_words: Callable[[], str]
    """What it shows, in numbers, for those who do not see it; the title is read to them as well."""
    numbers: Callable[[], DrawnNumbers | None] = _no_numbers
    """The numbers that are drawn."""
    is_wide: bool = False
    """Whether it is as wide as the page."""


Block: TypeAlias = Table | Facts | Notes | Failure | Warnings | Files | Command | Excerpt | Scores | Figure


def command_lines(command: Command) -> list[str]:
    """The command as lines that can be pasted into a shell: all but the last end with a backslash."""
    first, *rest = command.rows
    lines = [first, *(f"  {part}" for part in rest)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]
