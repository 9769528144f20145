"""Declares `runs`, which lists runs, and `runs prune`, which removes them."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.columns import column_names
from fnnctl.cli.numbers import age, whole_number
from fnnctl.cli.options import RUNS_DIR, RunsDir, with_output
from fnnctl.cli.shell.completion import complete_sort
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals
from fnnctl.errors import UsageError

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only runs that meet this condition, such as 'accuracy>0.95', status=failed or "
        "'config.training.l2<0.1'. Repeatable.",
    ),
]


@with_output
def list_runs(
    context: typer.Context,
    where: Where = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Sort by a field, such as accuracy, or -accuracy for descending order (default: start "
            "time).",
            autocompletion=complete_sort,
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="FIELDS",
            help="The fields to show, with commas between them; or all. Repeatable.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            parser=whole_number("--limit", least=1),
            help="List the newest N runs; with --sort, the first N.",
        ),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """List the runs with their status and test score.

    A field is a column, a metric of the test part (accuracy) or of another one (validation.loss), or a
    setting (config.training.l2). A condition compares a field with a value by =, !=, <, <=, >, >= or ~
    (contains); null stands for no value. Put it in quotes: the shell reads < and > itself.

    A narrow terminal shows fewer columns.
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    from fnnctl.commands.runs.listing import runs

    names = column_names("--columns", columns or ())
    with ended_by_signals(output):
        runs(
            runs_dir,
            where=where or [],
            sort=sort,
            columns=names,
            limit=limit,
            output=output,
        )


def _refuse_options_before(context: typer.Context) -> None:
    """Raise `UsageError` if options stand before the name of the subcommand, which would not see them."""
    for parameter in context.command.params:
        source = parameter.name and context.get_parameter_source(parameter.name)
        if source and source.name == "COMMANDLINE":
            subcommand = context.invoked_subcommand
            raise UsageError(f"write {parameter.opts[0]} after `{subcommand}`: fnnctl runs {subcommand} …")


@with_output
def prune(
    where: Where = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only runs of this status: completed, failed, interrupted, died or damaged. Repeatable.",
        ),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            parser=age("--older-than"),
            help="Only runs started longer ago, such as 12h, 30d or 8w.",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            metavar="N",
            parser=whole_number("--keep", least=0),
            help="Keep the newest N runs of each experiment and kind, and its newest N completed ones.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the runs (default: list them with their sizes).")
    ] = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> int:
    """Remove runs; without --yes, only list them.

    A run must meet all conditions. A run whose process is alive is never removed. Hidden folders that killed
    commands have left behind are removed too.
    """
    from fnnctl.commands.runs.prune import prune

    with ended_by_signals(output):
        return prune(
            runs_dir,
            where=where or [],
            statuses=status or [],
            older_than=older_than,
            keep=keep,
            yes=yes,
            output=output,
        )
