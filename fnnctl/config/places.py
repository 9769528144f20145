"""Remembers where every value of a config comes from, so that any problem can point at it."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.errors import Problem


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, or an option of the command line."""

    file: str
    line: int | None = None


class Places(dict[ConfigPath, Place]):
    """The place of every value that was given; the whole config's is always among them."""

    def problem(self, path: ConfigPath, message: str) -> Problem:
        """Make a problem of what is wrong at a path; what was left out stands where its section does."""
        given = path
        while given not in self:
            given = given[:-1]
        place = self[given]
        return Problem(message, file=place.file, line=place.line, path=format_path(path) or None)
