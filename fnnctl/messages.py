"""What the program says about a run, as values: code decides by a message's kind, and never by its sentence.

A run stores both. Sentences may be reworded; kinds keep their meaning, for the program and for scripts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Message:
    """A warning, or the reason why something ended. `str()` gives its sentence, for whoever shows it."""

    kind: str
    """What the message says, such as `dead_units`. One place in the program makes the messages of a kind."""
    sentence: str
    """The words for the user."""
    part: str | None = None
    """In a search: the folder inside it whose run the message is about, such as `ensemble`."""
    is_severe: bool = field(default=False, compare=False)
    """Whether the result is useless, for example no better than the baseline: `--quiet` does not hide it."""

    def __str__(self) -> str:
        return self.sentence

    def about(self, target: str, *, alike: str = "") -> Self:
        """The message about one of several targets, which it names; and about others that are `alike`."""
        of_others = f". The same holds for {alike}" if alike else ""
        return replace(self, sentence=f"{target}: {self.sentence}{of_others}")

    @property
    def stored_kind(self) -> str:
        """The kind as a run stores it: `dead_units` or, of a part, `ensemble.dead_units`."""
        return self.kind if self.part is None else f"{self.part}.{self.kind}"

    @classmethod
    def from_stored(cls, kind: str, sentence: str) -> Self:
        """The message that a run has stored."""
        part, _, name = kind.rpartition(".")
        return cls(name, sentence, part or None)

    def of_part(self, part: str, name: str) -> Self:
        """The message as the run of a search repeats it; `name` is what the sentence calls the part."""
        return replace(self, sentence=f"{name}: {self.sentence}", part=part)


def sentences(messages: Iterable[Message]) -> list[str]:
    """The sentences of the messages, to show them."""
    return [str(message) for message in messages]


def warning_facts(warnings: Iterable[Message]) -> dict[str, list[str]]:
    """What a manifest records of warnings: their sentences and their kinds."""
    warnings = list(warnings)
    return {
        "warnings": [str(warning) for warning in warnings],
        "warning_kinds": [warning.stored_kind for warning in warnings],
    }
