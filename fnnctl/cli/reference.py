"""Declares `datasets`, `schema`, `doctor` and `help`, which say what there is."""

from __future__ import annotations

import io
from contextlib import nullcontext, redirect_stdout
from typing import Annotated

import typer

from fnnctl.cli.commands import DECLARED, Heading
from fnnctl.cli.completion import complete_help
from fnnctl.cli.options import RUNS_DIR, RunsDir
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


@HEADING.command(examples=("fnnctl doctor", "fnnctl doctor --json"), topics=("machines",))
def doctor(runs_dir: RunsDir = RUNS_DIR, *, output: Output) -> int:
    """Say what is installed here, train a small network, and find what is wrong or slow on this machine."""
    from fnnctl.commands.doctor import doctor, show_doctor

    with terminal_context(output, runs_dir) as context:
        facts, problems = doctor(context)
        return show_doctor(facts, problems, output)


@HEADING.command(
    name="help",
    examples=(
        "fnnctl help train",
        "fnnctl help runs prune",
        "fnnctl help tables",
        "fnnctl help training.l2",
        "fnnctl help threshold",
    ),
)
def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD",
            help="A command, a page of the documentation, a setting or any other word (default: the "
            "program).",
            autocompletion=complete_help,
        ),
    ] = None,
    *,
    output: Output,
) -> None:
    """Explain a command, a setting or a word, or show a page of the documentation."""
    match words:
        case [first, *_] if first not in DECLARED:
            from fnnctl.commands.help import show_help

            with terminal_context(output):
                show_help(" ".join(words), output, commands=_summaries())
        case _:
            root = context.find_root()
            text = io.StringIO()
            with redirect_stdout(text) if output.json else nullcontext():
                root.command.main([*(words or []), "--help"], prog_name=root.info_name, standalone_mode=False)
            if output.json:
                output.json_object({"command": " ".join(words or []), "text": text.getvalue()})


def _summaries() -> dict[str, str]:
    """What each command does, by name."""
    return {name: (declared.call.__doc__ or "").partition("\n")[0] for name, declared in DECLARED.items()}
