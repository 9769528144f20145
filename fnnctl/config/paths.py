"""Where a setting stands (its path, and the line or option that gave it), and what is wrong there.

A path is `model.hidden[1].units`, and in the code `("model", "hidden", 1, "units")`.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

from fnnctl.errors import Problem

ConfigPath: TypeAlias = tuple[str | int, ...]

Messages: TypeAlias = dict[ConfigPath, str]
"""What is wrong at some paths."""
SPACE: Final[ConfigPath] = ("search", "space")
"""The mapping whose keys are paths of other settings."""
_INDEX = re.compile(r"\[([0-9]+)\]")


@lru_cache(maxsize=10_000)
def parse_path(text: str) -> ConfigPath:
    """Split a dotted path; `hidden[1]` and `hidden.1` are the same. An empty part stays an empty key."""
    parts = _INDEX.sub(r".\1", text.strip()).split(".")
    return tuple(int(part) if part.isascii() and part.isdecimal() else part for part in parts)


def format_path(path: ConfigPath) -> str:
    """Write a path as messages show it: `model.hidden[1].units`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def is_below(path: ConfigPath, places: Container[ConfigPath]) -> bool:
    """Whether a path is inside of one of these places."""
    return any(path[:depth] in places for depth in range(len(path)))


def problem_at(path: ConfigPath, message: str, line: int | None = None) -> Problem:
    """A problem before it is known which file it came from."""
    return Problem(message, line=line, path=format_path(path) or None)


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file, or an option of the command line."""

    file: str
    line: int | None = None


class Locations(dict[str, Location]):
    """The location of every value that was given, by its written path; "" is the whole config.

    Paths are looked up as text, because a key may have dots in it: `search.space` has paths as keys.
    """

    def located(self, problem: Problem) -> Problem:
        """The problem with the file and line of its path; unchanged if it has no path, or a file already."""
        return self._at_location(problem) if problem.path and not problem.file else problem

    def problems(self, messages: Messages) -> list[Problem]:
        """What is wrong at some paths, with their locations."""
        return [self._at_location(problem_at(path, message)) for path, message in messages.items()]

    def _at_location(self, problem: Problem) -> Problem:
        """A setting that was left out has the location of its section."""
        given = problem.path or ""
        while given not in self:
            given = given[: max(given.rfind("."), given.rfind("["), 0)]
        return replace(problem, file=self[given].file, line=self[given].line)
