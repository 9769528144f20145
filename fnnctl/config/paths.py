"""The location of a setting (its path, and the line or option that gave it), and problems there.

The path `model.hidden[1].units` is `("model", "hidden", 1, "units")` in the code.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from fnnctl.errors import Problem

ConfigPath: TypeAlias = tuple[str | int, ...]

EXTENDS: Final[ConfigPath] = ("extends",)
VALIDATION: Final[ConfigPath] = ("data", "split", "validation")
CATEGORY_ENCODING: Final[ConfigPath] = ("data", "category_encoding")
HIDDEN: Final[ConfigPath] = ("model", "hidden")
OUTPUT: Final[ConfigPath] = ("model", "output")
OUTPUTS: Final[ConfigPath] = ("model", "outputs")
EMBEDDING: Final[ConfigPath] = ("model", "numeric_embedding")
ENSEMBLE: Final[ConfigPath] = ("model", "ensemble")
BAGS: Final[ConfigPath] = (*ENSEMBLE, "bags")
TWINS: Final[ConfigPath] = (*ENSEMBLE, "plain_twins")
EARLY_STOPPING: Final[ConfigPath] = ("training", "early_stopping")
EPOCHS: Final[ConfigPath] = ("training", "epochs")
HORIZON: Final[ConfigPath] = ("training", "horizon")
MAX_ROWS: Final[ConfigPath] = ("training", "max_rows")
OPTIMIZER: Final[ConfigPath] = ("training", "optimizer")
LEARNING_RATE: Final[ConfigPath] = (*OPTIMIZER, "learning_rate")
OBJECTIVE_ON: Final[ConfigPath] = ("search", "objective", "on")
TASK: Final[ConfigPath] = ("data", "task")
SPACE: Final[ConfigPath] = ("search", "space")
"""The mapping whose keys are paths of other settings."""
_INDEX = re.compile(r"\[([0-9]+)\]")


@lru_cache(maxsize=10_000)
def parse_path(text: str) -> ConfigPath:
    """Split a dotted path; `hidden[1]` and `hidden.1` are equivalent. An empty part stays an empty key."""
    parts = _INDEX.sub(r".\1", text.strip()).split(".")
    return tuple(int(part) if part.isascii() and part.isdecimal() else part for part in parts)


def format_path(path: ConfigPath) -> str:
    """Format a path for messages: `model.hidden[1].units`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def setting_text(path: ConfigPath, value: str, sign: str = ": ") -> str:
    """A setting with its value, in the form that is read: `model.outputs.price: squared`.

    A name with a dot is a key in a mapping: `model.outputs: {unit.price: squared}`.
    """
    *section, key = path
    if isinstance(key, str) and "." in key:
        return f"{format_path(tuple(section))}{sign}{{{key}: {value}}}"
    return f"{format_path(path)}{sign}{value}"


def value_in(config: Any, part: str | int) -> Any:
    """The value of a key or an index, or None if the config has none."""
    if isinstance(part, int):
        return config[part] if isinstance(config, list) and part < len(config) else None
    return config.get(part) if isinstance(config, Mapping) else None


def is_below(path: ConfigPath, sections: Container[ConfigPath]) -> bool:
    """Whether a path is inside one of these sections."""
    return any(path[:depth] in sections for depth in range(len(path)))


def overlap(first: ConfigPath, second: ConfigPath) -> bool:
    """Whether two settings are the same, or one is inside the other."""
    depth = min(len(first), len(second))
    return first[:depth] == second[:depth]


def problem_at(path: ConfigPath, message: str, line: int | None = None) -> Problem:
    """A problem whose file is not known yet."""
    return Problem(message, line=line, path=format_path(path) or None)


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file, or a command-line option; `file` is None for what a Python program has set."""

    file: str | None
    line: int | None = None
    variables: tuple[str, ...] = ()
    """The environment variables that are in the value."""


class Locations(dict[str, Location]):
    """The location of every value that was given, by its path as text; "" is the whole config.

    Paths are looked up as text because a key may contain dots: the keys of `search.space` are paths.
    """

    def locate(self, problem: Problem) -> Problem:
        """The problem with the file and line of its path; unchanged if it has a file already, or no path."""
        return self._at_location(problem) if problem.path and not problem.file else problem

    def problems(self, problems: Mapping[ConfigPath, Problem]) -> list[Problem]:
        """The problems with their locations."""
        return [
            self._at_location(replace(problem, path=format_path(path) or None))
            for path, problem in problems.items()
        ]

    def of(self, text: str) -> Location:
        """The location of a setting; one that was not given has that of its section."""
        while text not in self:
            text = text[: max(text.rfind("."), text.rfind("["), 0)]
        return self[text]

    def variables_in(self, text: str) -> tuple[str, ...]:
        """The environment variables in the value of a setting, such as a list."""
        inside = (f"{text}.", f"{text}[")
        names = [
            location.variables for key, location in self.items() if key == text or key.startswith(inside)
        ]
        return tuple(dict.fromkeys(itertools.chain(*names)))

    def from_top_to_bottom(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems of the file in the order of their lines, those of its bases, then those of options."""
        file = self[""].file
        return sorted(
            problems,
            key=lambda problem: (
                problem.line is None,
                problem.file != file,
                problem.file or "",
                problem.line or 0,
            ),
        )

    def _as_given(self, text: str) -> str:
        """The path of the setting, or of the section whose short form gives it."""
        section = text.rpartition(".")[0]
        is_short = section in self and not any(key.startswith((f"{section}.", f"{section}[")) for key in self)
        return section if is_short else text

    def _at_location(self, problem: Problem) -> Problem:
        """The problem with its location; it says which variables are in the value, and where related settings
        are that stand in another file.
        """
        path = problem.path or ""
        location = self.of(path)
        located = replace(problem, file=location.file, line=location.line)
        origins = [f"from ${{{name}}}" for name in self[path].variables] if path in self else []
        for setting in dict.fromkeys(map(self._as_given, problem.related)):
            related = self.get(setting, location)
            if related.line and location.line and related.file != location.file:
                origins.append(f"{setting} is set in {related.file}:{related.line}")
        return located.suffixed(f" ({', '.join(origins)})") if origins else located
