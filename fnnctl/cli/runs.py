"""Declares the commands that use runs: `predict`, `export`, `report`, `compare`, `runs` and `runs prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnnctl.cli.commands import Heading
from fnnctl.cli.completion import complete_export_format, complete_metric, complete_run, complete_sort
from fnnctl.cli.options import (
    NO_DRIFT,
    RUNS_DIR,
    AllowPlugin,
    DecisionThreshold,
    Delimiter,
    Drift,
    Encoding,
    NoFigures,
    ReportFile,
    ReportFormat,
    Runs,
    RunsDir,
    Workers,
    number_option,
    run_option,
)
from fnnctl.cli.parsing import age, column_names, column_pairs, number_from_0
from fnnctl.cli.prediction_options import Background, Contributions, Coverage, Digits, KeptColumns, Top
from fnnctl.config.table_files import TABLE_LABELS, WHOLE_FILE, TablePart
from fnnctl.console.output import Output
from fnnctl.console.terminal import terminal_context
from fnnctl.errors import UsageError

HEADING = Heading("Use and compare runs")


@HEADING.command(
    examples=(
        "fnnctl predict new.csv",
        "fnnctl predict flowers new.csv --keep all --digits 3 --output predictions.csv",
        "cat new.csv | fnnctl predict flowers -",
        "fnnctl predict flowers new.csv --coverage 0.9",
        "fnnctl predict flowers new.csv --contributions 3",
        "fnnctl predict flowers new.csv --drift drift.csv --fail-on-drift",
    ),
    topics=("predictions", "drift"),
)
def predict(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The run whose network predicts (default: the newest with a network).",
            autocompletion=complete_run,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help=f"The rows to predict (required): a {TABLE_LABELS} or NPZ file or a folder of arrays; "
            "- reads standard input.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the predictions to this file."),
    ] = None,
    keep: KeptColumns = None,
    digits: Digits = None,
    top: Top = None,
    coverage: Coverage = None,
    contributions: Contributions = None,
    background: Background = None,
    drift: Drift = NO_DRIFT,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    part: TablePart = WHOLE_FILE,
    threshold: DecisionThreshold = None,
    workers: Workers = None,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> int:
    """Predict new rows and write the predictions as CSV."""
    from fnnctl.commands.predict import PredictionForm, predict, prediction_target, show_predicted

    if data is None:  # a single argument is DATA, not RUN
        run, data = None, run
    if data is None:
        raise UsageError("name the rows to predict: fnnctl predict [RUN] DATA")

    with terminal_context(output, runs_dir) as context:
        form = PredictionForm(column_names("--keep", keep or ()), digits, top, coverage, contributions)
        to = prediction_target(file, output)
        predicted = predict(
            run,
            data,
            context,
            to=to,
            delimiter=delimiter,
            encoding=encoding,
            part=part,
            threshold=threshold,
            form=form,
            background=background,
            workers=workers,
            drift=drift.check(),
        )
        show_predicted(predicted, to, output)
    return int(drift.fails and predicted.drift is not None and bool(predicted.drift.shifted))


@HEADING.command(
    examples=(
        "fnnctl export flowers --output flowers.onnx",
        "fnnctl export flowers --output flowers.onnx --json",
        "fnnctl export --format optuna --output journal.log",
        "fnnctl export flowers --format tensorboard --output logs",
    ),
    topics=("export",),
)
def export(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The run to export (default: the newest that the format can export).",
            autocompletion=complete_run,
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=complete_export_format,
            help="The format, such as onnx; `fnnctl help export` lists all (default: from the extension of "
            "--output, else onnx).",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="PATH", help="The file, folder or tracking URI to write to."),
    ] = None,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Write a run's network, or what it measured, in the format of another program."""
    from fnnctl.commands.export import export, show_exported

    with terminal_context(output, runs_dir) as context:
        show_exported(export(run, context, format_=format_, to=to), output)


NotWorseThan = Annotated[
    list[str] | None,
    run_option(
        "--not-worse-than", "Exit with code 1 if the run is significantly worse than this one. Repeatable."
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        metavar="X",
        parser=number_from_0("--margin"),
        help="With --not-worse-than, exit with code 1 unless the run is shown to be less than X worse, in "
        "units of the metric.",
    ),
]
PartialDependence = Annotated[
    int | None,
    number_option(
        "--partial-dependence",
        "Measure how the prediction changes with the value of a column, for the N most important ones.",
        least=1,
    ),
]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pair",
        metavar="A,B",
        help="Measure how the prediction changes with the values of two columns. Repeatable.",
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


@HEADING.command(
    examples=(
        "fnnctl report",
        "fnnctl report flowers --fail-under accuracy=0.5 --fail-under f1_macro=0.4",
        "fnnctl report longer --not-worse-than flowers --metric log_loss",
        "fnnctl report longer --not-worse-than flowers --margin 0.05",
        "fnnctl report flowers --output report.md",
        "fnnctl report flowers --partial-dependence 3 --output report.html",
    ),
    topics=("reports", "plots", "ci"),
)
def report(
    runs: Runs = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="METRIC=VALUE",
            help="Exit with code 1 if the metric is worse than this value, e.g. f1_macro=0.8, or with "
            "evaluation.groups: groups.COLUMN.worst.accuracy=0.8. Repeatable.",
        ),
    ] = None,
    not_worse_than: NotWorseThan = None,
    margin: Margin = None,
    metric: GateMetric = None,
    same_rows: Annotated[
        bool,
        typer.Option(
            "--same-rows",
            help="With --not-worse-than: score that run's network on the test rows of RUN, without rows that "
            "either was trained on.",
        ),
    ] = False,
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
    partial_dependence: PartialDependence = None,
    pair: Pairs = None,
    no_figures: NoFigures = False,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> int:
    """Report on runs, and check their metrics in CI.

    --fail-under and --not-worse-than are gates: if one is missed, the exit code is 1. With -q, only they are
    shown.
    """
    from fnnctl.commands.report import Gates, Measurements, report, show_report
    from fnnctl.report.formats.form import ReportForm

    with terminal_context(output, runs_dir) as context:
        gates = Gates(fail_under or (), not_worse_than or (), metric, margin, same_rows)
        form = ReportForm(format_, file, short, junit).resolve(
            is_json=output.json, is_verbose=output.verbose, has_gates=bool(gates)
        )
        measurements = Measurements(importance, partial_dependence or 0, column_pairs("--pair", pair or ()))
        summaries = report(
            runs or [], context, gates=gates, measurements=measurements, with_figures=not no_figures
        )
        return show_report(summaries, form, output)


ComparedMetric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="METRIC",
        help="The metric to compare, e.g. f1_macro or per_class.CLASS.recall (default: accuracy or r2, "
        "of each target).",
        autocompletion=complete_metric,
    ),
]


@HEADING.command(
    examples=(
        "fnnctl compare longer flowers",
        "fnnctl compare longer flowers --metric f1_macro --output comparison.md",
    ),
    topics=("comparisons",),
)
def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Two runs or more, named as in `fnnctl report`.",
            autocompletion=complete_run,
        ),
    ] = None,
    metric: ComparedMetric = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Compare a metric of several runs.

    Shows which run is better, by how much, and whether the difference may be chance.
    """
    from fnnctl.commands.compare import compare, show_comparison
    from fnnctl.report.formats.form import ReportForm

    with terminal_context(output, runs_dir) as context:
        form = ReportForm(format_, file).resolve(is_json=output.json)
        show_comparison(compare(runs or [], context, metric=metric), form, output)


Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only runs that meet this condition, such as 'accuracy>0.95', status=failed or "
        "'config.training.l2<0.1'. Repeatable.",
    ),
]


@HEADING.command(
    name="runs",
    examples=(
        "fnnctl runs --sort -accuracy --limit 5",
        "fnnctl runs --where 'metrics.test.accuracy>0.5' --where kind=train",
        "fnnctl runs --columns run,accuracy,validation.loss,config.training.l2",
    ),
    topics=("reports",),
)
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
        number_option("--limit", "List the newest N runs; with --sort, the first N.", least=1),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """List the runs with their status and test score.

    A field is a column, a metric of the test part (accuracy) or of another one (validation.loss), or a
    setting (config.training.l2). A condition compares a field with a value by =, !=, <, <=, >, >= or ~
    (contains); null stands for no value. Put it in quotes: the shell reads < and > itself. tag=WORD means
    that one of the run's tags is WORD.

    A narrow terminal shows fewer columns.
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    from fnnctl.commands.runs import runs, show_runs
    from fnnctl.console.signals import ended_by_signals

    names = column_names("--columns", columns or ())
    with ended_by_signals(output.note):  # a context would take a few percent of the time of a list
        show_runs(runs(runs_dir, where=where or (), sort=sort, columns=names, limit=limit), output)


def _refuse_options_before(context: typer.Context) -> None:
    """Raise `UsageError` if options stand before the name of the subcommand, which would not see them."""
    for parameter in context.command.params:
        source = parameter.name and context.get_parameter_source(parameter.name)
        if source and source.name == "COMMANDLINE":
            subcommand = context.invoked_subcommand
            raise UsageError(f"write {parameter.opts[0]} after `{subcommand}`: fnnctl runs {subcommand} …")


@HEADING.command(
    name="runs prune",
    examples=(
        "fnnctl runs prune --status failed --status died",
        "fnnctl runs prune --where 'accuracy<0.5' --older-than 30d --keep 3",
        "fnnctl runs prune --older-than 8w --yes",
    ),
    topics=("reports",),
)
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
            help="Only runs that started longer ago than this, such as 12h, 30d or 8w.",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        number_option(
            "--keep",
            "Keep the newest N runs of each experiment and kind, and its newest N completed ones.",
            least=0,
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

    A run must meet all conditions. A run whose process is alive is never removed. Promoted and tagged runs
    are spared, except by a condition that only such runs meet, such as tag=draft or promoted=old. Hidden
    folders that killed commands have left behind are removed too.
    """
    from fnnctl.commands.prune import prune, show_pruned

    with terminal_context(output, runs_dir) as context:
        pruned = prune(
            context,
            where=where or (),
            statuses=status or (),
            older_than=older_than,
            keep=keep,
            yes=yes,
        )
        return show_pruned(pruned, output)
