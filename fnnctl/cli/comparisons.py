"""Declares `compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.options import RUNS_DIR, ReportFile, ReportFormat, RunsDir, with_output
from fnnctl.cli.shell.completion import complete_metric, complete_run
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals

Metric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="METRIC",
        help="The metric to compare, e.g. f1_macro or per_class.CLASS.recall (default: accuracy or r2).",
        autocompletion=complete_metric,
    ),
]


@with_output
def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Two runs or more, named as in `fnnctl report`.",
            autocompletion=complete_run,
        ),
    ] = None,
    metric: Metric = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Compare a metric of several runs.

    Shows which run is better, by how much, and whether the difference may be chance.
    """
    from fnnctl.commands.compare import compare

    with ended_by_signals(output):
        compare(runs or [], runs_dir=runs_dir, metric=metric, format_=format_, file=file, output=output)
