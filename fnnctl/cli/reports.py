"""Declares `report`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.options import RUNS_DIR, NoFigures, ReportFile, ReportFormat, Runs, RunsDir, with_output
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals


@with_output
def report(
    runs: Runs = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="METRIC=VALUE",
            help="Exit with code 1 if the metric is worse than this value. Repeatable.",
        ),
    ] = None,
    importance: Annotated[
        bool,
        typer.Option("--importance", help="Measure which columns matter, on rows that were not learned."),
    ] = False,
    no_figures: NoFigures = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> int:
    """Report on runs; --fail-under makes this a check for CI."""
    from fnnctl.commands.report import report

    with ended_by_signals(output):
        return report(
            runs or [],
            runs_dir=runs_dir,
            format_=format_,
            file=file,
            fail_under=fail_under or [],
            importance=importance,
            with_figures=not no_figures,
            output=output,
        )
