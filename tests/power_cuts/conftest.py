"""The traces of commands, each recorded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.power_cuts.commands import COMMANDS, Command, recorded
from tests.power_cuts.disk import Trace


@dataclass(frozen=True, slots=True)
class Recorded:
    """A command that was recorded, and the folder of all disks on which it is gone on with."""

    command: Command
    folder: Path
    trace: Trace


@pytest.fixture(scope="session")
def recorded_command(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Recorded]:
    @cache
    def by_name(name: str) -> Recorded:
        folder = tmp_path_factory.mktemp(name)
        return Recorded(COMMANDS[name], folder, recorded(COMMANDS[name], folder))

    return by_name
