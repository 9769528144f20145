"""Collects all problems with a data file, so that they can be fixed at once."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.errors import DataError, Problem
from fnnctl.text import counted, quoted

MAX_PROBLEMS = 20
"""More lines would scroll the first ones, which often explain the others, out of sight."""


ODD_VALUE = "odd_value"
"""The kind of the problems whose advice names settings of columns."""


@dataclass(frozen=True, slots=True)
class OddValue:
    """The first value of a column that is unlike most of the others."""

    problem: str
    """What is wrong with it."""
    extent: str
    """How many of the others are as they should be; empty if that is not said."""
    noun: str
    """What the others are: `number` or `date`."""
    line: int | None
    """None if the file has no lines."""

    @property
    def cause(self) -> str:
        """The problem with its extent."""
        return f"{self.problem} ({self.extent})" if self.extent else self.problem

    def __str__(self) -> str:
        place = "" if self.line is None else f", in line {self.line:,}"
        return f"{self.cause}{place}"


class Problems:
    """The problems with a file, and with the settings that refer to it.

    Settings come first. The first twenty problems of the file itself are kept; the rest are only counted.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._of_settings: list[Problem] = []
        self._of_file: list[Problem] = []
        self._more = 0
        self.odd_values: dict[str, OddValue] = {}
        """By column."""
        self.unusable: dict[str, str] = {}
        """By column, why its values cannot be those of a table."""
        self.has_only_odd_values = True
        """Whether no other problem was noted."""

    def __bool__(self) -> bool:
        return bool(self._of_settings or self._of_file)

    def add(self, message: str, *, line: int | None = None) -> None:
        """Note a problem with the file, and its line (from 1) if it has one."""
        self.has_only_odd_values = False
        self._add(message, line)

    def add_unusable(self, column: str, message: str, reason: str, line: int | None) -> None:
        """Note a column that can only be left out, and the `reason`, which the message has too."""
        self.unusable[column] = reason
        self.add(message, line=line)

    def add_odd_value(self, column: str, value: OddValue, advice: str) -> None:
        """Note a value that is unlike the others of its column; the `advice` follows its cause."""
        self.odd_values[column] = value
        self._add(f"column {quoted(column)}: {value.cause}{advice}", value.line, kind=ODD_VALUE)

    def _add(self, message: str, line: int | None, *, kind: str = "input") -> None:
        if len(self._of_file) < MAX_PROBLEMS:
            self._of_file.append(Problem(message, file=self.file, line=line, kind=kind))
        else:
            self._more += 1

    def add_setting(self, path: str, message: str) -> None:
        """Note a setting that does not fit the file; its line in the config is not known here."""
        self.has_only_odd_values = False
        self._of_settings.append(Problem(message, path=path))

    def error(self) -> DataError:
        """Return one error with everything noted so far."""
        more = [Problem(f"and {counted(self._more, 'more problem')}", file=self.file)] if self._more else []
        return DataError(*self._of_settings, *self._of_file, *more)

    def raise_any(self) -> None:
        """Raise the error if any problem was noted."""
        if self:
            raise self.error()
