"""`fnnctl init`: writes a starter experiment whose comments explain the settings."""

from __future__ import annotations

from pathlib import Path

from fnnctl.config.reading.starter import STARTER_NAME, starter_text
from fnnctl.console.output import Output
from fnnctl.store.atomic import write_new


def init(file: Path, output: Output) -> None:
    """Write the starter experiment; raises `UsageError` if the file exists."""
    write_new(file, starter_text())
    if output.json:
        output.json_object({"file": str(file)})
    else:
        argument = "" if str(file) == STARTER_NAME else f" {file}"
        output.note(f"wrote {file}: read its comments, then run `fnnctl train{argument}`")
