"""Collects everything that is wrong with a data file, so that it can all be fixed at once."""

from __future__ import annotations

from fnnctl.errors import DataError, Problem
from fnnctl.text import counted

MOST_PROBLEMS = 20


class Problems:
    """What is wrong with one file, and with the settings that refer to it.

    Settings come first. Of the file's own problems the first twenty are kept and the others counted.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._of_settings: list[Problem] = []
        self._of_file: list[Problem] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._of_settings or self._of_file)

    def add(self, message: str, *, line: int | None = None) -> None:
        """Note a problem of the file, and its line (from 1) if it has one."""
        if len(self._of_file) < MOST_PROBLEMS:
            self._of_file.append(Problem(message, file=self.file, line=line))
        else:
            self._more += 1

    def add_setting(self, path: str, message: str) -> None:
        """Note a setting that does not fit the file; its place in the config is not known here."""
        self._of_settings.append(Problem(message, path=path))

    def error(self) -> DataError:
        """Return one error with everything noted so far."""
        more = [Problem(f"and {counted(self._more, 'more problem')}", file=self.file)] if self._more else []
        return DataError(*self._of_settings, *self._of_file, *more)

    def raise_any(self) -> None:
        """Raise the error, if anything was noted."""
        if self:
            raise self.error()
