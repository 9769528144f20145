"""What a report says about one run, as a value that every format renders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from fnnctl.report.sections import REQUESTED, Command, DefinitionList, Notes, Scores, Section, Warnings
from fnnctl.store.volumes import is_in_memory


@dataclass(frozen=True, slots=True)
class Document:
    """A run and the sections about it, in the order of the page."""

    path: Path
    name: str
    kind: str
    """What made the run, such as `search`: see `Manifest`."""
    status: str
    """As shown to users: `completed`, `failed`, `interrupted`, `running` or `died`."""
    when: str
    """When it was started and how long it took."""
    sections: tuple[Section, ...]

    @property
    def is_in_memory(self) -> bool:
        """Whether the run has no folder that could be named or linked."""
        return is_in_memory(self.path)

    @property
    def scores(self) -> Scores | None:
        """The first scores; None if the run has none."""
        return next((section for section in self.sections if isinstance(section, Scores)), None)

    @property
    def highlights(self) -> list[Section]:
        """The sections of a short report, joined, in their order there."""
        ranked = sorted(self.sections, key=lambda section: section.priority or 0)
        return merge_sections(section for section in ranked if section.priority)

    @property
    def requested(self) -> list[Section]:
        """The sections that a short report shows whole, because the user has asked for them."""
        return [section for section in self.sections if section.priority == REQUESTED]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of all topics."""
        sections = (section for section in self.sections if isinstance(section, Warnings))
        return tuple(warning for section in sections for warning in section.rows)

    def with_command(self, command: Command) -> Document:
        """The document with this command in place of all others."""
        kept = (section for section in self.sections if not isinstance(section, Command))
        return replace(self, sections=(*kept, command))


def merge_sections(sections: Iterable[Section]) -> list[Section]:
    """The sections, with facts, sentences and warnings below one heading joined in the place of the first."""
    result: dict[object, Section] = {}
    for position, section in enumerate(sections):
        key = (type(section), section.heading) if section.priority else position
        match section, result.get(key):
            case DefinitionList(), DefinitionList() as former:
                result[key] = replace(former, rows=(*former.rows, *section.rows))
            case Notes(), Notes() as former:
                result[key] = replace(former, rows=(*former.rows, *section.rows))
            case Warnings(), Warnings() as former:
                result[key] = replace(former, rows=(*former.rows, *section.rows))
            case _, None:
                result[key] = section
            case _:
                result[position] = section
    return list(result.values())
