"""Declares `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnnctl.cli.options import RUNS_DIR, NoFigures, ReportFile, ReportFormat, Runs, RunsDir, with_output
from fnnctl.cli.shell.completion import complete_metric, complete_run
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals

NotWorseThan = Annotated[
    list[str] | None,
    typer.Option(
        "--not-worse-than",
        metavar="RUN",
        help="Exit with code 1 if the run is significantly worse than this one. Repeatable.",
        autocompletion=complete_run,
    ),
]
GateMetric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="METRIC",
        help="The metric of --not-worse-than (default: accuracy or r2).",
        autocompletion=complete_metric,
    ),
]


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
    not_worse_than: NotWorseThan = None,
    metric: GateMetric = None,
    short: Annotated[
        bool,
        typer.Option(
            "--short",
            help="Show the main results only, e.g. for the page of a CI job with --format markdown; the "
            "default on a terminal.",
        ),
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option(
            "--junit", metavar="FILE", help="Write the gates' results to this file as JUnit XML, for CI."
        ),
    ] = None,
    importance: Annotated[
        bool,
        typer.Option("--importance", help="Measure which columns matter, on rows that were not trained on."),
    ] = False,
    no_figures: NoFigures = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> int:
    """Report on runs, and check their metrics in CI.

    --fail-under and --not-worse-than are gates: if one is missed, the exit code is 1. With -q, only they are
    shown.
    """
    from fnnctl.commands.report import report
    from fnnctl.report.formats.form import ReportForm

    with ended_by_signals(output):
        return report(
            runs or [],
            runs_dir=runs_dir,
            form=ReportForm(format_, file, short, junit),
            fail_under=fail_under or [],
            not_worse_than=not_worse_than or [],
            metric=metric,
            importance=importance,
            with_figures=not no_figures,
            output=output,
        )
