"""Reads the bytes of a config file, and says what a file is that is none.

A config is small, and a regular file: a pipe could block, and a device never end.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fnnctl.config.other_files import BINARY, JSON, is_binary, other_file
from fnnctl.config.paths import ENSEMBLE, ConfigPath, Location
from fnnctl.config.reading.resolved import FORMER_FIRST_LINE
from fnnctl.config.reading.starter import is_table
from fnnctl.config.reading.variables import Variables
from fnnctl.config.reading.yaml_reader import MAX_BYTES, Document, decode, read_yaml
from fnnctl.config.rules.plain_config import value_at
from fnnctl.errors import ConfigError, MachineError, Problem
from fnnctl.text import nearest_file

COMPLETE: Final = "complete"
TABLE: Final = "table"
"""The kind of the problem with a table in place of a config."""
MISSING: Final = "missing"
"""The kind of the problem with a file that is not there; its text has no suggestion."""
_MISSING_ERRORS: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


def read_file(file: Path) -> bytes:
    """The content of a file, up to one byte more than a config may have.

    Raises `ConfigError` for what cannot be a config file, and `MachineError` if the file cannot be read.
    """
    try:
        kind = file.stat().st_mode
        if is_table(file):
            raise ConfigError(Problem("is a table, not an experiment", file=str(file), kind=TABLE))
        if stat.S_ISREG(kind):
            with file.open("rb") as stream:
                return stream.read(MAX_BYTES + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConfigError(Problem("is a symbolic link that leads to itself", file=str(file))) from error
        if error.errno not in _MISSING_ERRORS:
            raise MachineError(f"{file} cannot be read: {error.strerror}") from error
        raise ConfigError(Problem("there is no such file", file=str(file), kind=MISSING)) from error
    file_kind = "a folder" if stat.S_ISDIR(kind) else "a pipe or a device"
    raise ConfigError(Problem(f"is {file_kind}, not a config file", file=str(file)))


def near_config(file: Path) -> str:
    """Words that suggest a config with a similar name, beside a missing file; empty if there is none.

    If the missing file has the name of a table, it may be one.
    """
    candidates = [path.name for path in file.parent.glob("*.*") if _may_be_meant(path, file)]
    return nearest_file(file.name, candidates)


def _may_be_meant(candidate: Path, file: Path) -> bool:
    return candidate.suffix in {".yaml", ".yml"} or (is_table(file) and is_table(candidate))


def other_content(text: bytes, ending: str) -> str | None:
    """What a file is that is known to be something else than an experiment; else None."""
    content = other_file(text, ending) or (BINARY if is_binary(text) else None)
    if content == JSON and ending in {".yaml", ".yml"}:
        return None  # JSON is YAML, and a problem with a line says more
    return content


def read_document(content: bytes, variables: Variables | None) -> Document:
    """The document in the bytes of a config file; raises as `read_yaml` does.

    One that fnnctl 0.2 has completed gets `complete: true`: every setting but nulls is there, so no recipe
    fills in anything.
    """
    text = decode(content)
    is_former = text.lstrip("\ufeff").startswith(FORMER_FIRST_LINE)
    document = read_yaml(text, variables=None if is_former else variables)
    if isinstance(document.value, dict) and (is_former or _is_former_resolved(document.value)):
        return replace(document, value={COMPLETE: True, **document.value})
    return document


def _is_former_resolved(config: Mapping[str, Any]) -> bool:
    """Whether a config has what only a `resolved.yaml` of fnnctl 0.2 has, if its first line is gone."""
    ensemble = value_at(config, ENSEMBLE)
    has_all = isinstance(ensemble, dict) and {*ensemble} == {"members", "share_weights", "bags"}
    return has_all and value_at(config, ("data", "sha256")) is not None


def locations_in(document: Document, file: str) -> dict[ConfigPath, Location]:
    """The location of each value of a document, whose file has this name in messages."""
    variables = document.variables
    return {path: Location(file, line, variables.get(path, ())) for path, line in document.lines.items()}
