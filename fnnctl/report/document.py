"""What is said in a report, as a value that every format renders: a title, and sections of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fnnctl.report.blocks import Block, Command, Facts, Figure, Notes, Scores, Warnings
from fnnctl.store.volumes import is_in_memory

Look: TypeAlias = Literal["block", "columns", "failure", "figures", "passed", "summary", "target", "warning"]
"""How a page shows a section: `columns` and `figures` are side by side if there is room, those of a `target`
above tables as wide as the page."""


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that belong together."""

    heading: str
    blocks: tuple[Block, ...]
    look: Look = "block"
    is_requested: bool = False
    """Whether the user has asked for it: short reports show it whole, after the others."""


def block_section(block: Block, look: Look = "block") -> Section:
    """A section of a single block, with its title."""
    return Section(block.title, (block,), look)


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """The run that a document is about."""

    path: Path
    kind: str
    """What made the run, such as `search`: see `Manifest`."""
    status: str
    """As shown to users: `completed`, `failed`, `interrupted`, `running` or `died`."""
    fnnctl: str | None = None
    """The version that made it."""

    @property
    def is_in_memory(self) -> bool:
        """Whether the run has no folder that could be named or linked."""
        return is_in_memory(self.path)


@dataclass(frozen=True, slots=True)
class Document:
    """A title, a line below it, and sections in the order in which they are read."""

    title: str
    lead: str
    """The line below the title: of a run, when it was started and how long it took."""
    sections: tuple[Section, ...]
    run: ReportedRun | None = None
    """None if it is not about a single run."""

    @property
    def blocks(self) -> Iterator[Block]:
        """The blocks of all sections."""
        return (block for section in self.sections for block in section.blocks)

    @property
    def scores(self) -> Scores | None:
        """The first scores; None if there are none."""
        return next((block for block in self.blocks if isinstance(block, Scores)), None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings."""
        return tuple(row for block in self.blocks if isinstance(block, Warnings) for row in block.rows)

    def with_command(self, command: Command) -> Document:
        """The document with this command in place of all others."""
        sections = (
            replace(
                section, blocks=tuple(block for block in section.blocks if not isinstance(block, Command))
            )
            for section in self.sections
        )
        return replace(self, sections=(*sections, block_section(command)))


def merge_blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks that are not empty; facts, sentences and warnings are one block if they follow one another
    and have the same title.
    """
    merged: list[Block] = []
    for block in blocks:
        former = merged[-1] if merged else None
        if isinstance(block, Figure):
            merged.append(block)
        elif (
            isinstance(block, Facts | Notes | Warnings)
            and type(former) is type(block)
            and former.title == block.title
        ):
            rows: Any = (*former.rows, *block.rows)
            merged[-1] = replace(block, rows=rows)
        elif block.rows:
            merged.append(block)
    return tuple(merged)
