"""The record of a format, and what an export returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fnnctl.errors import UsageError
from fnnctl.store.volumes import is_in_memory
from fnnctl.text import install_command

if TYPE_CHECKING:
    from pathlib import Path

    from fnnctl.context import Context
    from fnnctl.store.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has made."""

    format: str
    run: Path
    """The run whose model or results were exported; of a search it may be the winner's."""
    output: str
    """The file, folder or address that was written."""
    largest_difference: float | None = None
    """Between the predictions of the model and those of its run; None if no model was written."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """More entries of `--json`."""
    lines: tuple[str, ...] = ()
    """What the user is told."""

    def to_dict(self) -> dict[str, Any]:
        """The object of `--json`; the run is None if it is in memory."""
        entries = {
            "run": None if is_in_memory(self.run) else str(self.run),
            "format": self.format,
            "output": self.output,
            "largest_difference": self.largest_difference,
        }
        return {**entries, **self.facts}


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format in which runs are exported. Its module imports what is heavy inside `export`."""

    name: str
    """As for `--format`."""
    label: str
    """What an export is, such as `an ONNX model`; for the error that lists the formats."""
    takes: Callable[[RunFolder], bool]
    """Whether it can export a run; used to choose one if the user does not name exactly one."""
    export: Callable[[RunFolder, str | None, Context], Exported]
    """Exports a run to `--output`, which is None if the user names nothing; raises `InputError`."""
    endings: tuple[str, ...] = ()
    """The file name endings that select the format."""


def missing_library(format_: str, library: str) -> UsageError:
    """The error if a format needs a library that is not installed."""
    return UsageError(f"--format {format_} needs {library}: {install_command(library)}")
