from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from fnnctl.cli import app
from fnnctl.cli.commands import DECLARED, PROGRAM_EXAMPLES, PlainCommand, PlainGroup
from fnnctl.cli.parsing import whole_number
from fnnctl.reference.pages import topics
from tests.program import Program

ARGUMENTS: list[list[str]] = [
    [],
    [
        "a.yaml",
        "b.yaml",
        "--name",
        "x",
        "--set",
        "1",
        "--set",
        "2",
        "--number",
        "7",
        "--folder",
        "f",
        "--flag",
    ],
    ["--count", "3"],
]


def called(command_class: Any, group_class: Any, arguments: list[str]) -> dict[str, object]:
    """The values that a command gets."""
    found: dict[str, object] = {}
    app = typer.Typer(cls=group_class, rich_markup_mode=None)

    @app.callback()
    def common() -> None: ...

    @app.command(cls=command_class)
    def show(
        files: Annotated[list[Path] | None, typer.Argument()] = None,
        name: str | None = None,
        texts: Annotated[list[str] | None, typer.Option("--set")] = None,
        number: Annotated[int | None, typer.Option(parser=whole_number("--number"))] = None,
        count: int = 1,
        folder: Path = Path("runs"),
        flag: bool = False,
    ) -> None:
        found.update(locals())

    app(["show", *arguments], standalone_mode=False)
    del found["found"]
    return found


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_arguments_are_converted_as_typer_converts_them(arguments: list[str]) -> None:
    ours = called(PlainCommand, PlainGroup, arguments)
    assert ours == called(None, None, arguments)
    assert isinstance(ours["folder"], Path)


def test_the_help_lists_commands_in_the_order_of_the_work(program: Program) -> None:
    text = program("--help").out
    order = [name for name in DECLARED if " " not in name]
    starts = [text.index(f"\n  {name} ") for name in order]
    assert starts == sorted(starts)
    group = typer.main.get_group(app)
    assert group.list_commands(typer.Context(group)) == order
    headings = [text.index(f"\n{declared.heading}:") for declared in DECLARED.values()]
    assert headings == sorted(headings)


EXAMPLES = {"": PROGRAM_EXAMPLES, **{name: declared.examples for name, declared in DECLARED.items()}}


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_help_of_a_command_ends_with_examples_and_topics(program: Program, command: str) -> None:
    text = program(*command.split(), "--help").out
    end = "Examples:\n" + "".join(f"  {line}\n" for line in EXAMPLES[command])
    if command and (pages := DECLARED[command].topics):
        assert set(pages) <= set(topics())
        end += "\nMore:\n" + "".join(f"  fnnctl help {topic}\n" for topic in pages)
    assert end in text
    assert program("help", *command.split()).out == text


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_help_names_arguments_and_no_types(program: Program, command: str) -> None:
    text = program(*command.split(), "--help").out
    usage, *arguments = re.findall(r"^Usage: .*|(?<=^  )[A-Z|]+(?=  )", text, re.MULTILINE)
    names = re.findall(r"(?<!\w)[A-Z|]{3,}(?!\w)", usage)
    assert arguments == [
        name
        for name in names
        if name not in {"OPTIONS", "ARGS", *(["COMMAND"] if command in {"", "runs"} else [])}
    ]
    assert not re.search(r"<[a-z]|list\[|\{|\(fnnctl.yaml\)", text)


def test_help_of_an_unknown_command(program: Program) -> None:
    done = program("help", "trian")
    assert done.code == 2
    assert "nothing is known of 'trian' (did you mean 'train'?)" in done.err
    assert program("help", "runs", "prun").err == "No such command 'prun'. Did you mean 'prune'?\n"
