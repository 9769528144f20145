"""Python code that runs in processes of its own: whatever happens there, this program goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fnnctl.processors import usable_processors

SECONDS: Final = 60.0
"""How long an answer is waited for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process has printed, and how it ended."""

    text: str
    code: int | None
    """The exit code, or the negative number of the signal that ended it; None if it did not end in time."""


def answers_of(
    codes: Iterable[str], environment: Mapping[str, str | None] | None = None
) -> list[Answer | None]:
    """Run each code in a process, one for each processor at a time; None if one could not be started.

    `environment` has variables to set, or to remove if they are None. The working directory is not searched
    for modules, as it is not for the command `fnnctl`.
    """
    variables = {**os.environ, **(environment or {})}
    present = {name: value for name, value in variables.items() if value is not None}
    answers: list[Answer | None] = []
    running: deque[subprocess.Popen[str] | None] = deque()
    for code in codes:
        if len(running) == usable_processors():
            answers.append(_answer(running.popleft()))
        running.append(_start(code, present))
    return [*answers, *map(_answer, running)]


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
            return Answer("", None)
        finally:
            process.kill()
    return Answer(text.strip(), process.returncode)
