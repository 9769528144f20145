"""Declares `runs`, which lists runs, and `runs prune`, which removes them."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.columns import column_names
from fnnctl.cli.numbers import whole_number
from fnnctl.cli.options import RUNS_DIR, RunsDir, with_output
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals
from fnnctl.errors import UsageError

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only runs that meet it, such as 'accuracy>0.95', status=failed or 'config.training.l2<0.1'; ~ "
        "means contains. Repeatable.",
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
            help="Sort by a column or a metric, such as accuracy; descending with - before it (default: by "
            "start).",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="FIELDS",
            help="Facts, metrics (validation.loss) and settings (config.training.l2) with commas between "
            "them, or all for all facts. Repeatable.",
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
    for name, parameter in ((parameter.name, parameter) for parameter in context.command.params):
        source = name and context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            subcommand = context.invoked_subcommand
            raise UsageError(f"write {parameter.opts[0]} behind `{subcommand}`: fnnctl runs {subcommand} …")
