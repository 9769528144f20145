"""The kinds of sections that a report consists of, and where a section stands.

Topics make sections; formats render them and know no topics. The text of a section is not escaped: each
format escapes it in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from fnnctl.report.words import NOTHING, number

SUMMARY: Final = "Summary"
"""The heading of what a page says first."""
SCORES: Final = "Scores"
WRONG: Final = "What goes wrong"
DATA: Final = "Data and training"
NEXT_STEPS: Final = "Repeat and continue"
FIGURES: Final = "Figures"
"""Headings below which several topics have sections. Each other heading belongs to one topic."""

REQUESTED: Final = 0
"""The priority of sections that the user has asked for: short reports show them whole, after the others."""


class Formats(Enum):
    """The formats that show a section; one with a priority is in the short reports, too."""

    ALL = "all"
    PAGE = "page"
    """Not the complete texts: other sections say the same there in full."""
    SHORT = "short"
    """Only the short reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Where a section stands."""

    heading: str = ""
    """The heading of the page below which it stands; if it is empty, that of its topic."""
    priority: int | None = None
    """The position in short reports: sections with smaller numbers come first, and get lines first. Without a
    priority a section is only in complete reports.

    10 to 19 are facts about the run, 20 is a failure, 30 the scores, 40 a table that belongs to them, 50 to
    59 a sentence about them, 60 the worst groups, 70 warnings, and 80 the commands that come next. The
    sentences answer what a reader asks next: is the result better than the default settings (50), whose
    scores are these (51), which threshold decides (53), what would the ensemble score (55), is the winner
    better than the other trials (56), and than the default settings if only the objective compares them (57)?
    """
    formats: Formats = Formats.ALL


@dataclass(frozen=True, slots=True)
class TableSection(_Placed):
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
    short: TableSection | None = None
    """The table in short reports, if it has other columns there."""
    narrow: TableSection | None = None
    """The table in a complete report on a terminal, if it is shorter or narrower there."""
    lines: tuple[int, ...] = ()
    """How many lines a short report may give it, round by round; see `formats.short_terminal`."""


@dataclass(frozen=True, slots=True)
class _Pairs(_Placed):
    """Pairs of a name and a text."""

    title: str
    rows: tuple[tuple[str, str], ...]


class DefinitionList(_Pairs):
    """A name and a text per row. Empty lines in a text separate paragraphs."""

    __slots__ = ()


class FileList(_Pairs):
    """Files in the run folder, each with a description of its content."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Lines(_Placed):
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
class Scores(_Placed):
    """The first scores of a run."""

    title: str
    measured: str
    """Where they were measured, such as `test part`."""
    rows: tuple[Score, ...]
    others: tuple[Score, ...] = ()
    """Further metrics, which only a table of several runs may need."""

    @property
    def table(self) -> TableSection:
        """One row per metric."""
        header = (self.measured, "value", "95 % interval", "baseline")
        rows = (
            (score.label, number(score.value), score.interval_text, number(score.baseline))
            for score in self.rows
        )
        return TableSection(self.title, header, tuple(rows))


Section: TypeAlias = (
    TableSection | DefinitionList | Notes | Failure | Warnings | FileList | Command | Excerpt | Scores
)


def command_lines(command: Command) -> list[str]:
    """The command as lines that can be pasted into a shell: all but the last end with a backslash."""
    first, *rest = command.rows
    lines = [first, *(f"  {part}" for part in rest)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]
