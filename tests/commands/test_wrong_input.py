"""Absurd input to the commands: an exit code, one line per problem, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.messages import Messages
from tests.program import Program, read_json
from tests.waiting import DEADLINE

ZEROS = "0" * 5000


@pytest.mark.parametrize(
    ("text", "override"),
    [
        (
            "search: {space: {training.l2: {log_uniform: [0.1]}}}",
            "search.space.training.l2={log_uniform: [0.1]}",
        ),
        (
            "search: {space: {training.l2: {normal: [0, 1], within: [1]}}}",
            "search.space.training.l2={normal: [0, 1], within: [1]}",
        ),
        ("training: {optimizer: {name: [adam]}}", "training.optimizer.name=[adam]"),
        ("training: {optimizer: {name: {a: 1}}}", "training.optimizer.name={a: 1}"),
        (f"seed: 1{ZEROS[:400]}", f"seed=1{ZEROS[:400]}"),
        (f"seed: 0x1{ZEROS}", f"seed=0x1{ZEROS}"),
    ],
    ids=[
        "a range of one number",
        "limits of one number",
        "a list",
        "a mapping",
        "digits",
        "hexadecimal digits",
    ],
)
def test_a_wrong_value_is_reported_with_its_location(
    program: Program, tmp_path: Path, messages: Messages, text: str, override: str
) -> None:
    bare = "recipe: classic\ndata: {source: iris}\n"
    if "optimizer" in text:  # searched as well
        bare += "search: {space: {training.optimizer.name: {choice: [adam, sgd]}}}\n"
    (tmp_path / "bare.yaml").write_text(bare)
    (tmp_path / "wrong.yaml").write_text(bare + text)
    messages.check(program("check", "wrong.yaml").out)
    for command in ("check", "train", "search"):
        done = program(command, "bare.yaml", "--set", override)
        assert done.code == 2
        messages.check(done.out + done.err)
    assert not (tmp_path / "runs").exists()


NASTY = "x\x1b[31m\u202e"
"""A name that contains an escape code for colours and a direction control."""


@pytest.mark.parametrize(
    "arguments",
    [
        (NASTY,),
        ("train", f"--{NASTY}"),
        ("check", f"{NASTY}.yaml"),
        ("check", "iris.yaml", "--set", f"{NASTY}=1"),
        ("check", "iris.yaml", "--set", f"data.target={NASTY[-1]}"),
        ("report", NASTY),
        ("runs", "--runs-dir", f"{NASTY}/none", "--verbose"),
        ("report", "--format", NASTY),
        ("report", "--fail-under", f"{NASTY}=1"),
        ("predict", "latest", NASTY),
        ("search", "iris.yaml", "--executor", NASTY),
        ("init", f"{NASTY}/new.yaml"),
    ],
)
def test_an_argument_is_shown_as_it_is_written(
    program: Program, iris: Path, arguments: tuple[str, ...]
) -> None:
    done = program(*arguments)
    text = done.out + done.err
    assert text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("command", ["check", "train", "evaluate", "search", "plan"])
def test_a_config_that_cannot_be_read_is_no_wrong_usage(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The exit code is 3, as for unreadable data. (The user who runs the tests may be root.)"""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(Path, "open", refuse)
    done = program(command, str(iris))
    assert (done.code, done.err) == (3, f"{iris} cannot be read: Permission denied\n")


def test_a_folder_that_may_not_be_entered(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    done = program("evaluate", "closed/iris.yaml")
    assert (done.code, done.err) == (3, "closed/iris.yaml cannot be read: Permission denied\n")
    assert program("evaluate", "closed/run").code == 2


@pytest.fixture
def impatient() -> Iterator[None]:
    """Fails a test that waits: a pipe that is opened here would be waited for forever."""

    def fail(number: int, frame: object) -> NoReturn:
        pytest.fail("the program waited")

    handler = signal.signal(signal.SIGALRM, fail)
    signal.alarm(int(DEADLINE))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)


@pytest.mark.usefixtures("impatient")
def test_a_pipe_as_config_is_not_waited_for(program: Program, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for command in ("check", "train", "evaluate"):
        done = program(command, "pipe.yaml")
        expected = "pipe.yaml: is a pipe or a device, not a config file\n"
        assert (done.code, done.out + done.err) == (2, expected)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("metrics.json", ("report",)),
        ("history.csv", ("report",)),
        ("resolved.yaml", ("evaluate",)),
        ("model.npz", ("evaluate",)),
        ("model.json", ("predict", "latest", "penguins.csv")),
        (".lock", ("train", "--resume", "latest")),
    ],
)
def test_a_pipe_in_a_run_folder_is_not_waited_for(
    program: Program, trained: Path, tmp_path: Path, file: str, arguments: tuple[str, ...]
) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    (folder,) = (tmp_path / "runs").iterdir()
    (folder / file).unlink()
    os.mkfifo(folder / file)
    if file == ".lock":
        manifest = read_json(folder / "manifest.json")
        (folder / "manifest.json").write_text(json.dumps({**manifest, "status": "running"}))
    done = program(*arguments)
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith(f"runs/{folder.name}")
    assert "is a pipe or a device" in line


def test_json_is_utf_8_whatever_a_path_holds(trained: Path, tmp_path: Path) -> None:
    """A byte that is not UTF-8 becomes a lone surrogate, as in Python."""
    name = b"r\xff\xc3\xa9\xf0\x9f\x98\x80"
    shutil.copytree(trained / "runs", tmp_path / os.fsdecode(name))

    def printed(variables: dict[str, str], *arguments: str | bytes) -> dict[str, Any]:
        command = [sys.executable, "-m", "fnnctl", *arguments]
        environment = {**os.environ, **variables}
        done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, check=False)
        answer: dict[str, Any] = json.loads(done.stdout.decode("utf-8"))
        return answer

    wrong = printed({"LC_ALL": "C"}, "check", name + b".yaml", "--json")
    assert wrong["problems"][0]["file"] == os.fsdecode(name + b".yaml")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    (run,) = printed(ascii_only, "report", "--format", "json", "--runs-dir", name)["runs"]
    assert run["run"].startswith(os.fsdecode(name) + "/")
