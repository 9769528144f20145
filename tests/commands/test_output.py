"""Where words go, and what happens where they cannot go there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Program


def test_a_narrow_terminal_loses_no_column(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("train", str(iris), "--quiet")
    monkeypatch.setenv("COLUMNS", "30")
    shown = program("report").out
    assert all(name in shown for name in ("setosa", "versicolor", "virginica"))


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_output_that_cannot_be_written_is_a_sentence_and_3(iris: Path, tmp_path: Path, option: str) -> None:
    command = f"{sys.executable} -m fnnctl train {iris} {option} > /dev/full"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.strip().splitlines()[-1] == "the output cannot be written: No space left on device"


def test_standard_error_that_cannot_be_written_does_no_harm(iris: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m fnnctl train {iris} 2> /dev/full"
    assert subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_help_into_a_closed_pipe(tmp_path: Path) -> None:
    command = f"{sys.executable} -m fnnctl train --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(command, shell=True, executable="/bin/bash", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_pipe_ends_quietly_with_0(iris: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m fnnctl train {iris} --quiet | true; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
