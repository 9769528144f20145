"""Wrong arguments are reported in one line that says what to write."""

from __future__ import annotations

import pytest

from tests.program import Program


def test_without_arguments_the_help_is_shown(program: Program) -> None:
    done = program()
    assert done.code == 2
    assert done.err == program("--help").out


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
        (["train", "--sed", "5"], "No such option: --sed (Possible options: --seed, --set)"),
        (["report", "--epochs", "5"], "No such option: --epochs"),
        (["train", "--seed"], "Option '--seed' requires an argument."),
    ],
)
def test_an_option_that_does_not_exist(program: Program, arguments: list[str], message: str) -> None:
    done = program(*arguments)
    assert (done.code, done.err) == (2, f"{message}\n")
