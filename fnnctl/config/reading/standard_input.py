"""An experiment on standard input, which `-` in place of a file's name stands for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fnnctl.errors import ConfigError, MachineError, Problem

STANDARD_INPUT: Final = Path("-")
SHOWN: Final = "<stdin>"
"""What stands for the file's name in messages."""


def shown_file(file: Path) -> str:
    """The name of a config file in messages."""
    return SHOWN if file == STANDARD_INPUT else str(file)


def read_standard_input(most: int) -> bytes:
    """At most so many bytes; raises `ConfigError` if standard input is closed."""
    if sys.stdin is None:
        raise ConfigError(Problem("standard input is closed; write the experiment to it", file=SHOWN))
    try:
        return sys.stdin.buffer.read(most)
    except OSError as error:
        raise MachineError(f"standard input cannot be read: {error.strerror}") from error
