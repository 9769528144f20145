"""The experiment that `fnnctl init` writes: it runs as it is, and its comments explain the config.

Also the command that writes one for a table, for messages where a config is expected.
"""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path
from typing import Final

from fnnctl.config.table_files import TABLE_FILES

STARTER_NAME: Final = "fnnctl.yaml"
TABLE_ENDINGS: Final = (
    *(ending for kind in TABLE_FILES for ending in kind.endings), ".npz", ".npy", ".xls", ".xlsb", ".ods"
)  # fmt: skip
WITHOUT_TARGET: Final = (".npz", ".npy")
"""The endings of arrays, whose label is always `y`."""


def starter_text() -> str:
    """The text of `starter.yaml`, which is next to this file."""
    return files(__package__).joinpath("starter.yaml").read_text(encoding="utf-8")


def is_table(path: Path) -> bool:
    """Whether a path, which is to be a config, has the name of a table or is a folder of arrays."""
    return path.name.lower().endswith(TABLE_ENDINGS) or is_array_folder(path)


def is_array_folder(path: Path) -> bool:
    """Whether a path is a folder of arrays; False for a name that no file can have."""
    try:
        return (path / "X.npy").is_file()
    except OSError:  # a name that is too long
        return False


def init_command(table: Path) -> str:
    """The command that writes an experiment for a table; the user replaces COLUMN."""
    is_arrays = table.name.lower().endswith(WITHOUT_TARGET) or is_array_folder(table)
    target = [] if is_arrays else ["--target", "COLUMN"]
    return shlex.join(["fnnctl", "init", "--data", str(table), *target])
