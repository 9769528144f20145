"""Declares `datasets`, `schema` and `help`, which list what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.commands import Heading
from fnnctl.cli.completion import complete_command
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals

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

    with ended_by_signals(output.note):
        datasets(output)


@HEADING.command(examples=("fnnctl schema > fnnctl.schema.json",))
def schema(*, output: Output) -> None:
    """Print the config's JSON Schema, for editors."""
    from fnnctl.commands.schema import schema

    with ended_by_signals(output.note):
        schema(output)


@HEADING.command(name="help", examples=("fnnctl help train", "fnnctl help runs prune"))
def show_help(
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND", help="The command (default: the program).", autocompletion=complete_command
        ),
    ] = None,
) -> None:
    """Show the help of the program or of a command."""
    root = context.find_root()
    root.command.main([*(command or []), "--help"], prog_name=root.info_name, standalone_mode=False)
