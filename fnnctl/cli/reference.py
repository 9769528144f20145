"""Declares `datasets`, `schema` and `help`, which list what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.commands import DECLARED, Heading
from fnnctl.cli.completion import complete_help
from fnnctl.console.output import Output
from fnnctl.console.terminal import terminal_context

HEADING = Heading("Reference")


@HEADING.command(
    examples=(
        "fnnctl datasets",
        "fnnctl train --set data.source=wine --set data.target=null --set training.epochs=20",
    ),
)
def datasets(*, output: Output) -> None:
    """List the built-in data sets."""
    from fnnctl.commands.datasets import datasets

    with terminal_context(output):
        datasets(output)


@HEADING.command(examples=("fnnctl schema > fnnctl.schema.json",), topics=("settings",))
def schema(*, output: Output) -> None:
    """Print the config's JSON Schema, for editors."""
    from fnnctl.commands.schema import schema

    with terminal_context(output):
        schema(output)


@HEADING.command(name="help", examples=("fnnctl help train", "fnnctl help runs prune", "fnnctl help tables"))
def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND|TOPIC",
            help="The command, or a page of the documentation (default: the program).",
            autocompletion=complete_help,
        ),
    ] = None,
) -> None:
    """Show the help of a command, or a page of the documentation."""
    match words:
        case [first, *_] if first not in DECLARED:
            from fnnctl.commands.documentation import show_page

            with terminal_context(Output()):
                show_page(" ".join(words), Output(), commands=DECLARED)
        case _:
            root = context.find_root()
            root.command.main([*(words or []), "--help"], prog_name=root.info_name, standalone_mode=False)
