"""Python code that runs in processes of its own: whatever happens there, this program goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SECONDS: Final = 60.0
"""How long a process may take; a library that takes longer to import is broken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process has printed, and how it ended."""

    text: str
    code: int
    """The exit code, or the negative number of the signal that ended it."""


def answers_of(
    codes: Iterable[str], environment: Mapping[str, str | None] | None = None
) -> list[Answer | None]:
    """Run all codes at the same time; an answer is None if no process could be started, or none ended.

    `environment` has variables to set, or to remove if they are None. The working directory is not searched
    for modules, as it is not for the command `fnnctl`.
    """
    variables = {**os.environ, **(environment or {})}
    present = {name: value for name, value in variables.items() if value is not None}
    return [_answer(process) for process in [_start(code, present) for code in codes]]


def _start(code: str, environment: Mapping[str, str]) -> subprocess.Popen[str] | None:
    command: Sequence[str] = (sys.executable or "python3", "-P", "-c", code)
    try:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:
        return None


def _answer(process: subprocess.Popen[str] | None) -> Answer | None:
    if process is None:
        return None
    with process:
        try:
            text, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()
    return Answer(text.strip(), process.returncode)
