"""The formats of `fnnctl export`, and which one to use."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from fnnctl.errors import UsageError
from fnnctl.export.format import ExportFormat
from fnnctl.export.mlflow import MLFLOW
from fnnctl.export.onnx.format import ONNX
from fnnctl.export.optuna import OPTUNA
from fnnctl.export.tensorboard import TENSORBOARD
from fnnctl.text import did_you_mean, joined_words, quoted

FORMATS: Final[dict[str, ExportFormat]] = {
    format_.name: format_ for format_ in (ONNX, OPTUNA, MLFLOW, TENSORBOARD)
}
"""By name; the first is the default."""
DEFAULT: Final = next(iter(FORMATS))


def chosen_format(name: str | None, output: str | None) -> ExportFormat:
    """The named format, else the one that the output's ending selects, else the default.

    Raises `UsageError` for an unknown format, for an unknown ending if no format is named, and for an ending
    that selects another format than the named one.
    """
    by_ending = {ending: format_ for format_ in FORMATS.values() for ending in format_.endings}
    ending = PurePath(output or "").suffix.lower()
    of_ending = by_ending.get(ending)
    if name is None:
        if ending and of_ending is None:
            raise UsageError(
                f"--output {quoted(str(output))}: no export format has the ending {quoted(ending)}; "
                f"use {', '.join(by_ending)}, or choose a format with --format"
            )
        return of_ending or FORMATS[DEFAULT]
    if name not in FORMATS:
        choices = joined_words([f"{format_.name} ({format_.label})" for format_ in FORMATS.values()], "or")
        suggestion = did_you_mean(name, FORMATS)
        raise UsageError(f"there is no export format {quoted(name)}; choose {choices}{suggestion}")
    if of_ending is not None and of_ending.name != name:
        raise UsageError(
            f"--output {quoted(str(output))} has the ending of the format {of_ending.name}, but --format is "
            f"{name}: change one of the two"
        )
    return FORMATS[name]
