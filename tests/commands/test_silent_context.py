"""A Python program makes the calls of the command line with a silent context, and gets the same bits."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.commands.cross_validate import cross_validate
from fnnctl.commands.search import resume_search, search
from fnnctl.context import Context
from fnnctl.runs.search_session import SearchOptions
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import TRAINED_ROWS
from tests.runs.searching import write_config

TIMES = {"manifest.json", "log.txt", "timeline.jsonl", "timeline.png", "progress.json"}
"""Files that name the time, the folder or the command."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_config(tmp_path / "x.yaml", search={"trials": 3, "ensemble": {"size": 2}})


@pytest.fixture
def quietly(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """`quietly(call, …)`: it prints nothing, installs no signal handler and starts no process."""
    popen = subprocess.Popen

    def forbidden(*arguments: object, **options: object) -> None:
        pytest.fail(f"called with {arguments}")

    def only_git(command: Sequence[str], **options: Any) -> Any:
        assert command[0] == "git"  # the manifest has the commit
        return popen(command, **options)

    def call(function: Callable[..., Any], *arguments: object, **options: object) -> Any:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(signal, "signal", forbidden)
            patch.setattr(os, "fork", forbidden)
            patch.setattr(subprocess, "Popen", only_git)
            result = function(*arguments, **options)
        assert capfd.readouterr() == ("", "")
        return result

    return call


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def measured(folder: Path) -> dict[str, bytes]:
    """The bytes of a run's files, without those that name times, as checkpoints do, or that have a salt."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in {*TIMES, TRAINED_ROWS}
        and path.name[0] != "."
        and "checkpoints" not in path.parts
    }


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("evaluate", lambda config, context: cross_validate(config, [], context)),
        ("search", lambda config, context: search(config, [], SearchOptions(), context)),
    ],
)
def test_a_silent_run_has_the_bits_of_the_command_line(
    config: Path, quietly: Callable[..., Any], command: str, call: Callable[..., RunFolder]
) -> None:
    assert run([command, str(config), "--runs-dir", "printing"]) == 0
    silent = quietly(call, config, Context(Path("silent")))
    assert not list(silent.path.rglob("*.png"))
    assert measured(silent.path) == measured(only(Path("printing")))


def test_only_a_command_records_the_arguments_of_its_process(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/service", "train", "--token", "two words"])
    assert run(["train", str(config), "--no-figures", "--runs-dir", "printing"]) == 0
    assert RunFolder(only(Path("printing"))).read_manifest().command == "fnnctl train --token 'two words'"
    searched = search(config, [], SearchOptions(), Context(Path("silent")))
    shutil.rmtree(searched.path / "best")
    resume_search(str(searched.path), [], SearchOptions(), Context())
    manifests = [path.read_text() for path in searched.path.rglob("manifest.json")]
    assert len(manifests) == 3  # with the winner's and the ensemble's
    assert not any("two words" in text for text in manifests)
    manifest = searched.read_manifest()
    assert [manifest.command, *(resumed.command for resumed in manifest.resumed)] == [None, None]
