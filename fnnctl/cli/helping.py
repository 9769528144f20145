"""Declares `help`, which shows the help of the program or of a command."""

from __future__ import annotations

from typing import Annotated

import typer


def show_help(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="The command (default: the program).")
    ] = None,
) -> None:
    """Show the help of the program or of a command."""
    root = context.find_root()
    root.command.main([*(command or []), "--help"], prog_name=root.info_name, standalone_mode=False)
