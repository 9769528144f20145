"""What `fnnctl report` writes where, and which of its options contradict one another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fnnctl.errors import UsageError
from fnnctl.report.formats.registry import JSON, SHORT_FORMATS, TERMINAL, chosen_format
from fnnctl.report.gates import GATE_OPTIONS

STDOUT: Final = Path("-")


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The format of a report, and its files."""

    format: str | None = None
    """If it is None, the file's extension selects the format."""
    file: Path | None = None
    """The report's file; None for standard output."""
    short: bool = False
    junit: Path | None = None
    """The file for the gates' results as JUnit XML; `-` for standard output, in place of a report."""

    @property
    def folder(self) -> Path:
        """The folder of the report's file, to which links are relative."""
        return self.file.parent if self.file else Path()

    def resolve(self, *, is_json: bool, is_verbose: bool = False, has_gates: bool = False) -> ReportForm:
        """The form with its format; `is_json` and `is_verbose` are the options of all commands.

        Raises `UsageError` if the options contradict one another.
        """
        file = None if self.file == STDOUT else self.file
        format_ = chosen_format(self.format, file, default=JSON if is_json else TERMINAL)
        if is_json and file is None and format_ != JSON:
            raise UsageError(f"--json and --format {format_} contradict each other: leave one out")
        if self.short:
            if format_ not in SHORT_FORMATS:
                choices = " or ".join(SHORT_FORMATS)
                raise UsageError(f"--short: {format_} is always complete; leave it out, or use {choices}")
            if is_verbose and format_ == TERMINAL:
                raise UsageError("--short and --verbose contradict each other: leave one out")
        if self.junit is not None and not has_gates:
            raise UsageError(f"--junit reports on gates: add {' or '.join(GATE_OPTIONS)}")
        if self.junit == STDOUT and (is_json or (self.format is not None and file is None)):
            other = "--json" if is_json else f"--format {self.format}"
            raise UsageError(f"--junit - and {other} both write to standard output: name a file for one")
        if self.junit is not None and file is not None and self.junit.absolute() == file.absolute():
            raise UsageError(f"--junit and --output name the same file, '{file}': name two")
        return replace(self, file=file, format=format_)
