"""Wrong arguments are reported in one line that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program


def test_without_arguments_the_help_is_shown(program: Program) -> None:
    done = program()
    assert (done.code, done.err) == (0, "")
    assert done.out == program("--help").out


def test_an_argument_cannot_add_a_line_to_a_message(program: Program) -> None:
    assert program("a\nb").err == "No such command 'a\\nb'. `fnnctl help` lists the commands.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--epochs", "5"], "No such option: --epochs: write --set training.epochs=VALUE"),
        (["train", "--batch-size=5"], "No such option: --batch-size: write --set training.batch_size=VALUE"),
        (
            ["search", "--lr-scheduler", "x"],
            "No such option: --lr-scheduler: write --set training.lr_schedule=VALUE",
        ),
        (
            ["train", "--momentum", "0.9"],
            "No such option: --momentum: write --set model.normalization.momentum=VALUE "
            "or --set training.optimizer.momentum=VALUE",
        ),
        (["train", "--sed", "5"], "No such option: --sed (Possible options: --seed, --set, --unset)"),
        (["report", "--epochs", "5"], "No such option: --epochs"),
        (["train", "--seed"], "Option '--seed' requires an argument."),
    ],
)
def test_an_option_that_does_not_exist(program: Program, arguments: list[str], message: str) -> None:
    done = program(*arguments)
    assert (done.code, done.err) == (2, f"{message}\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-q report", "-q: options follow the command; write `fnnctl report -q`"),
        ("--json runs", "--json: options follow the command; write `fnnctl runs --json`"),
        ("-qv runs prune", "-q: options follow the command; write `fnnctl runs prune -qv`"),
        ("--seed 5 train a.yaml", "--seed: options follow the command; write `fnnctl train a.yaml --seed 5`"),
        ("--verbose", "--verbose: options follow the command; write `fnnctl COMMAND --verbose`"),
        ("runs --yes prune", "--yes: options follow the command; write `fnnctl runs prune --yes`"),
        ("--versoin", "No such option: --versoin (Possible options: --version)"),
    ],
)
def test_an_option_before_the_command(program: Program, line: str, message: str) -> None:
    done = program(*line.split())
    answer = done.json["error"]["message"] if "--json" in line else done.err.removesuffix("\n")
    assert (done.code, answer) == (2, message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train --set training.epochs 5", "write --set training.epochs=5"),
        ("train iris.yaml --set training.epochs 5", "write --set training.epochs=5"),
        ("check iris.yaml --set training.l2: 0.1 --seed 1", "write --set training.l2=0.1"),
        ("evaluate iris.yaml --set model.hidden [5] --folds 2", "write --set 'model.hidden=[5]'"),
        ("plan --set seed -5", "write --set seed=-5"),
    ],
)
def test_a_value_that_is_an_argument_of_its_own(program: Program, line: str, message: str) -> None:
    done = program(*line.split())
    assert (done.code, done.err.rpartition("has no value: ")[2]) == (2, f"{message}\n")


def test_a_setting_without_a_value(program: Program, iris: Path) -> None:
    done = program("train", "--set", "training.epochs", str(iris))
    assert (done.code, done.err) == (2, "--set: training.epochs has no value; write training.epochs=VALUE\n")


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
    ("line", "message"),
    [
        ("train a.yaml b.yaml", "b.yaml: `fnnctl train` takes one CONFIG at a time"),
        ("search a.yaml b.yaml c.yaml", "b.yaml c.yaml: `fnnctl search` takes one CONFIG at a time"),
        ("evaluate latest new.csv", "new.csv: `fnnctl evaluate` takes a table as --data new.csv"),
        ("evaluate a.yaml b.yaml", "b.yaml: `fnnctl evaluate` takes one CONFIG|RUN at a time"),
        ("init a.yaml b.yaml", "b.yaml: `fnnctl init` takes one FILE at a time"),
        ("init a.yaml b.csv", "b.csv: `fnnctl init` takes a table as --data b.csv"),
        ("describe a.csv b.csv", "b.csv: `fnnctl describe` takes one TABLE at a time"),
        ("predict latest a.csv b.csv", "b.csv: `fnnctl predict` takes one RUN and DATA at a time"),
        ("datasets iris", "iris: `fnnctl datasets` takes no argument"),
        ("train a.yaml training.epochs=5", "training.epochs=5: write --set before each setting"),
    ],
)
def test_too_many_arguments(program: Program, line: str, message: str) -> None:
    done = program(*line.split())
    assert (done.code, done.err) == (2, f"{message}\n")


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (["model.hidden=[3,", "4]"], "'model.hidden=[3, 4]'"),
        (
            ["model.hidden=[{units:", "3,", "dropout:", "0.1}]", "--seed", "4"],
            "'model.hidden=[{units: 3, dropout: 0.1}]'",
        ),
        (["training.optimizer={name:", "adam}", "--set", "seed=1"], "'training.optimizer={name: adam}'"),
    ],
)
def test_a_value_that_the_shell_has_divided(program: Program, words: list[str], whole: str) -> None:
    done = program("check", "iris.yaml", "--set", *words)
    assert (done.code, done.err) == (2, f"--set {words[0]} ends at a space: write --set {whole}\n")


def test_a_bracket_that_is_never_closed_is_the_settings(program: Program, iris: Path) -> None:
    done = program("check", str(iris), "--set", "model.hidden=[3,", "--seed", "4")
    assert (done.code, "ends at a space" in done.err + done.out) == (2, False)


def test_a_command_without_memory_or_run(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def lack_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("fnnctl.console.output.Output.lines", lack_memory)
    monkeypatch.setattr("fnnctl.console.output.Output.data", lack_memory)
    done = program("--version")
    assert (done.code, done.out, done.err) == (3, "", "out of memory\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train --config a.yaml", "--config: CONFIG is no option: write `fnnctl train CONFIG`"),
        ("predict a.csv --run latest", "--run: RUN is no option: write `fnnctl predict RUN DATA`"),
        ("evaluate --run latest", "--run: CONFIG|RUN is no option: write `fnnctl evaluate CONFIG|RUN`"),
    ],
)
def test_an_argument_that_is_given_as_an_option(program: Program, line: str, message: str) -> None:
    done = program(*line.split())
    assert (done.code, done.err) == (2, f"{message}\n")
