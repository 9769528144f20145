"""`fnnctl report`: reports on runs, and checks their metrics against gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fnnctl.commands.report_output import report_text
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.errors import MachineError, UnwritableOutputError, UsageError
from fnnctl.report.figures.drawing import draw_missing_figures
from fnnctl.report.formats.form import STDOUT, ReportForm
from fnnctl.report.formats.registry import JSON, TERMINAL, Report, runs_report
from fnnctl.report.gates import (
    MARGIN,
    GateResult,
    find_other_run,
    gate_lines,
    gate_results,
    not_worse_result,
    parse_gates,
)
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.registry import json_entries, run_document
from fnnctl.report.topics.sizes import sizes_json
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder

if TYPE_CHECKING:
    from fnnctl.report.blocks import Command

GATE_MISSED: Final = 1


@dataclass(frozen=True, slots=True)
class Gates:
    """What the metrics of the runs are checked against."""

    fail_under: Sequence[str] = ()
    """Limits, `METRIC=VALUE`."""
    not_worse_than: Sequence[str] = ()
    """Names of runs."""
    metric: str | None = None
    """The metric that is compared with those runs; None for the first one of their task."""
    margin: float | None = None
    """By how much the metric must be shown to be worse at most, in its units; None if it must only not be
    significantly worse."""
    same_rows: bool = False
    """Whether those runs are scored on the test rows of the run that is checked, which they have not seen."""

    def __bool__(self) -> bool:
        return bool(self.fail_under or self.not_worse_than)


@dataclass(frozen=True, slots=True)
class Measurements:
    """What is measured of the networks of the runs before they are reported on."""

    importance: bool = False
    """Which columns matter."""
    partial_dependence: int = 0
    """What the network does with so many of the most important columns."""
    pairs: Sequence[tuple[str, str]] = ()
    """What it does with two columns together."""

    def __bool__(self) -> bool:
        return bool(self.importance or self.partial_dependence or self.pairs)


@dataclass(frozen=True, slots=True)
class ReportedRuns:
    """The runs that are reported on, and the results of the gates."""

    summaries: Sequence[Summary]
    results: Sequence[GateResult] = ()

    @property
    def missed(self) -> list[GateResult]:
        """The gates that were missed."""
        return [result for result in self.results if not result.passed]


def report(
    runs: Sequence[str],
    context: Context,
    *,
    gates: Gates = Gates(),
    measurements: Measurements = Measurements(),
    with_figures: bool = True,
) -> ReportedRuns:
    """Summarize the runs, by default the newest one, and check their gates.

    Measurements come first. Missing figures are drawn. Raises `UsageError` for an unknown run or column, or
    for a metric of a gate.
    """
    same_rows = gates.same_rows or None
    for option, value in (("--metric", gates.metric), (MARGIN, gates.margin), ("--same-rows", same_rows)):
        if value is not None and not gates.not_worse_than:
            raise UsageError(f"{option} belongs to --not-worse-than RUN: add it, or leave {option} out")
    thresholds = parse_gates(gates.fail_under)
    names: Sequence[str | None] = runs or [None]
    if measurements:
        from fnnctl.modelling.saved_model import has_network

        folders = [find_run(name, context.runs_dir, has_network) for name in names]
        measured = [_measured(run, context, measurements, with_figures=with_figures) for run in folders]
    else:
        folders = [find_run(name, context.runs_dir) for name in names]
        measured = [{}] * len(folders)
    for run in folders if with_figures else ():
        _draw_missing(run, context)
    pairs = zip(folders, measured, strict=True)
    summaries = [replace(summarize(run), **facts) for run, facts in pairs]
    results = [result for summary in summaries for result in gate_results(thresholds, summary)]
    compare = _same_rows_result() if gates.same_rows else not_worse_result
    results += [
        compare(run, find_other_run(other, run, context.runs_dir), gates.metric, gates.margin)
        for run in folders
        for other in gates.not_worse_than
    ]
    return ReportedRuns(summaries, results)


def _same_rows_result() -> Callable[[RunFolder, RunFolder, str | None, float | None], GateResult]:
    from fnnctl.runs.same_rows import same_rows_result  # it loads networks and data

    return same_rows_result


def _measured(
    run: RunFolder, context: Context, measurements: Measurements, *, with_figures: bool
) -> dict[str, Any]:
    """The fields of the run's summary that have just been measured."""
    from fnnctl.runs.feature_importance import measure_importance
    from fnnctl.runs.measured_network import MeasuredNetwork
    from fnnctl.runs.partial_dependence import measure_partial_dependence

    network = MeasuredNetwork(run, context, with_figures=with_figures)
    importances = measure_importance(network) if measurements.importance else None
    count, pairs, dependence = measurements.partial_dependence, measurements.pairs, None
    if count or pairs:
        dependence = measure_partial_dependence(network, count, pairs, importances)
    return {"importances": importances, "dependence": dependence}


def _draw_missing(run: RunFolder, context: Context) -> None:
    """Draw the missing figures of a run that has ended, and of the runs inside a search."""
    if run.is_alive():
        return
    try:
        for folder in filter(None, (run, run.winner(), run.ensemble())):
            draw_missing_figures(folder)
    except MachineError as error:
        context.note(error.message)


def show_report(report: ReportedRuns, form: ReportForm, output: Output) -> int:
    """Write and print the report in a resolved form; return 1 if a gate was missed, else 0.

    `--json` prints the JSON object even if a file is written too.
    """
    _write_files(report, form, output)
    gates_alone = _shows_gates_alone(report, form, output)
    if output.json:
        output.json_text(runs_report(report.summaries, report.results).text(JSON))
    elif gates_alone:
        output.lines(f"{line}\n" for line in gate_lines(report.results))
    elif form.file is None and form.junit != STDOUT:
        text = _text(report, form, output)
        if form.format == JSON:
            output.json_text(text)
        else:
            output.data(text.rstrip("\n"))
    for result in report.results:
        if result.passed and result.details.get("why_unpaired"):
            output.note(f"note: {result.message}")
    if not gates_alone:
        for line in gate_lines(report.results, only=report.missed):
            output.complain(line)
    return GATE_MISSED if report.missed else 0


def _write_files(report: ReportedRuns, form: ReportForm, output: Output) -> None:
    """Write the report and the JUnit file, or print that one if it is `-`."""
    texts: list[tuple[Path, str]] = []
    if form.junit is not None:
        from fnnctl.report.formats.junit import junit_report

        texts.append((form.junit, junit_report(report.summaries, report.results)))
    if form.file is not None:
        texts.append((form.file, _text(report, form, output)))
    for file, text in texts:
        if file == STDOUT:
            output.data(text.rstrip("\n"))
        else:
            write_output(file, [text])


def _shows_gates_alone(report: ReportedRuns, form: ReportForm, output: Output) -> bool:
    """Whether the gates' results are all that is printed: with `--quiet`, unless a format is asked for."""
    is_free = form.file is not None or form.format == TERMINAL
    return bool(report.results) and output.quiet and is_free and not output.json and form.junit != STDOUT


def show_end(run: RunFolder, output: Output) -> None:
    """Print the results of the run that a command has made."""
    try:
        _show_end(summarize(run), output)
    except UnwritableOutputError as error:
        raise UnwritableOutputError(error.reason, run=str(run.path)) from error


def _show_end(summary: Summary, output: Output) -> None:
    if output.json:
        measured: Mapping[str, Any] = {"metrics": summary.metrics}
        if summary.manifest.kind == "cross_validation":
            measured = {"cross_validation": summary.cross_validation, **sizes_json(summary)}
        elif summary.search is not None:
            measured = json_entries(summary)
        output.json_object({"run": str(summary.path), "status": summary.manifest.status, **measured})
    elif output.quiet:
        output.data(str(summary.path))
    else:
        show_summary(summary, output)


def show_summary(summary: Summary, output: Output, *, command: Command | None = None) -> None:
    """Print the short report or, with `--verbose`, the complete one; `command` replaces its commands."""
    short = not output.verbose
    document = run_document(summary, short=short)
    if command is not None:
        document = document.with_command(command)
    output.render(Report(lambda _: [document], dict).terminal(output.width, short=short))


def _text(report: ReportedRuns, form: ReportForm, output: Output) -> str:
    return report_text(runs_report(report.summaries, report.results), form, output, short=not output.verbose)
