"""Every command has the shared options, and showing a command's help imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fnnctl.cli import app
from tests.program import Program

COMMANDS = [
    str(command.callback.__name__)
    for command in app.registered_commands
    if command.callback and command.name != "help"
]


@pytest.mark.parametrize("command", [*COMMANDS, "runs", "runs prune"])
def test_help_shows_the_shared_options_last(program: Program, command: str) -> None:
    words = program(*command.split(), "--help").out.partition("Examples:")[0].split()
    options = [word for word in words if word in {"--json", "--quiet", "--verbose", "--no-color", "--help"}]
    assert options == ["--json", "--quiet", "--verbose", "--no-color", "--help"]


def test_help_of_no_command_imports_anything_heavy() -> None:
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"codes = [run([command, '--help']) for command in {COMMANDS!r}]\n"
        "heavy = {'numpy', 'matplotlib', 'yaml', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {codes}' if heavy or any(codes) else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_options_are_used(program: Program) -> None:
    assert program("datasets", "--json").json
    refused = program("train", "--resume", "latest", "--seed", "1", "--json")
    assert refused.code == 2
    assert "leave out --seed" in refused.json["error"]["message"]
