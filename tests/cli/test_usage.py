"""Wrong arguments are reported in one line that says what to write."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.messages import Messages
from tests.program import Program


def test_without_arguments_the_help_is_shown(program: Program) -> None:
    done = program()
    assert (done.code, done.err) == (0, "")
    assert done.out == program("--help").out


WRONG = {
    "a command that does not exist": ["trian", "'a\nb'"],
    "an option that does not exist": [
        "train --epochs 5",
        "train --batch-size=5",
        "search --lr-scheduler x",
        "train --momentum 0.9",
        "train --sed 5",
        "report --epochs 5",
        "report a --format",
        "train --seed",
    ],
    "an option before the command": [
        "-q report",
        "-qv runs prune",
        "--seed 5 train a.yaml",
        "--verbose",
        "runs --yes prune",
        "--versoin",
    ],
    "a value that is an argument of its own": [
        "train --set training.epochs 5",
        "train iris.yaml --set training.epochs 5",
        "check iris.yaml --set training.l2: 0.1 --seed 1",
        "evaluate iris.yaml --set model.hidden [5] --folds 2",
        "plan --set seed -5",
    ],
    "a setting without a value": ["train --set training.epochs iris.yaml"],
    "a value that the shell has divided": [
        "check iris.yaml --set model.hidden=[3, 4]",
        "check iris.yaml --set model.hidden=[{units: 3, dropout: 0.1}] --seed 4",
        "check iris.yaml --set training.optimizer={name: adam} --set seed=1",
    ],
    "too many arguments": [
        "train a.yaml b.yaml",
        "search a.yaml b.yaml c.yaml",
        "evaluate latest new.csv",
        "evaluate a.yaml b.yaml",
        "init a.yaml b.yaml",
        "init a.yaml b.csv",
        "describe a.csv b.csv",
        "predict latest a.csv b.csv",
        "datasets iris",
        "train a.yaml training.epochs=5",
    ],
    "an argument that is given as an option": [
        "train --config a.yaml",
        "predict a.csv --run latest",
        "evaluate --run latest",
    ],
    "a wrong value of an option": [
        "train iris.yaml --seed abc",
        "train iris.yaml --seed -1",
        "evaluate iris.yaml --folds abc",
        "evaluate iris.yaml --folds 1",
        "evaluate iris.yaml --folds 1000",
        "evaluate iris.yaml --repeats 0",
        "evaluate iris.yaml --workers 0",
        "search iris.yaml --workers two",
        "search iris.yaml --max-trials 1.5",
        "search iris.yaml --time-limit soon",
        "search iris.yaml --method gird",
        "plan iris.yaml --workers x",
    ],
}


@pytest.mark.usefixtures("iris")
@pytest.mark.parametrize("kind", WRONG)
def test_wrong_arguments_are_reported_in_one_line(program: Program, messages: Messages, kind: str) -> None:
    for line in WRONG[kind]:
        done = program(*shlex.split(line))
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        messages.check(f"fnnctl {line!r}: {done.err}")


def test_with_json_the_message_is_in_the_object(program: Program) -> None:
    done = program("--json", "runs")
    sentence = "--json: options follow the command; write `fnnctl runs --json`"
    assert (done.code, done.json["error"]["message"]) == (2, sentence)


def test_a_bracket_that_is_never_closed_is_the_settings(program: Program, iris: Path) -> None:
    done = program("check", str(iris), "--set", "model.hidden=[3,", "--seed", "4")
    assert (done.code, "ends at a space" in done.err + done.out) == (2, False)


@pytest.mark.parametrize("options", [["-v"], ["-qv"], ["-vq"], ["--verbose"], ["-q"], ["-o", "v"]])
def test_an_internal_error_says_how_to_see_more_and_what_to_report(
    program: Program, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("one in a million")

    monkeypatch.setattr("fnnctl.commands.describe.describe", fail)
    done = program("describe", "iris", *options)
    *traceback, last = done.err.splitlines()
    assert done.code == 3
    assert last.startswith("internal error: ZeroDivisionError: one in a million. This is a bug in fnnctl ")
    assert "Please report it" in last
    is_verbose = "v" in options[0]
    assert (traceback[:1] == ["Traceback (most recent call last):"]) == is_verbose
    assert ("--verbose" in last) != is_verbose


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'yaml'", name="yaml"),
        ImportError("DLL load failed", name="matplotlib.ft2font"),
        ModuleNotFoundError("No module named 'pydantic_core'", name="pydantic_core"),
        ImportError("cannot import name 'x'", name="fnnctl.text"),
    ],
    ids=["missing", "broken", "needed by another", "of fnnctl"],
)
def test_a_package_that_cannot_be_imported_is_no_internal_error(
    program: Program, monkeypatch: pytest.MonkeyPatch, error: ImportError, messages: Messages
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("fnnctl.commands.describe.describe", fail)
    monkeypatch.setattr("fnnctl.text._has_pip", lambda: True)
    done = program("describe", "iris")
    assert done.code == 3
    messages.check(done.err.replace(sys.executable, "python"))


def test_a_command_without_memory_or_run(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def lack_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("fnnctl.console.output.Output.lines", lack_memory)
    monkeypatch.setattr("fnnctl.console.output.Output.data", lack_memory)
    done = program("--version")
    assert (done.code, done.out, done.err) == (3, "", "out of memory\n")
