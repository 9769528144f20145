"""`fnnctl report`: reports on runs, and checks their metrics against gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fnnctl.commands.importance import measure_importance
from fnnctl.console.output import Output
from fnnctl.errors import MachineError, UnwritableOutputError, UsageError
from fnnctl.modelling.saved.saved_model import has_network
from fnnctl.report.figures.drawing import draw_missing_figures
from fnnctl.report.formats.registry import JSON, TERMINAL, TEXT_FORMATS, chosen_format
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.gates.not_worse import check_not_worse, find_other_run
from fnnctl.report.gates.results import GateResult
from fnnctl.report.gates.thresholds import check_gates, parse_gates
from fnnctl.report.search.sections import search_json
from fnnctl.report.sizes.values import sizes_json
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder

GATE_MISSED = 1


def report(
    runs: Sequence[str],
    *,
    runs_dir: Path,
    format_: str | None,
    file: Path | None,
    fail_under: Sequence[str],
    not_worse_than: Sequence[str] = (),
    metric: str | None = None,
    importance: bool = False,
    output: Output,
) -> int:
    """Report on the runs; return 1 if a gate was missed, else 0.

    If `format_` is None, the file's extension selects the format. `--json` prints the JSON object even if a
    file is written too. With `importance`, the importance of the columns is measured first. The `metric` is
    that of the gates `not_worse_than`. Raises `UsageError` for an unknown run, format, or metric of a gate.
    """
    file = None if file == Path("-") else file
    format_ = chosen_format(format_, file, default=JSON if output.json else TERMINAL)
    if output.json and file is None and format_ != JSON:
        raise UsageError(f"--json and --format {format_} contradict each other: leave one out")
    if metric is not None and not not_worse_than:
        raise UsageError("--metric belongs to --not-worse-than RUN: add it, or leave --metric out")
    gates = parse_gates(fail_under)
    named: Sequence[str | None] = runs or [None]
    found = [find_run(run, runs_dir, has_network if importance else None) for run in named]
    measured = [measure_importance(run, output) if importance else None for run in found]
    for run in found:
        _redraw(run, output)
    pairs = zip(found, measured, strict=True)
    summaries = [replace(summarize(run), importances=importances) for run, importances in pairs]
    results = [result for summary in summaries for result in check_gates(gates, summary)]
    results += [
        check_not_worse(run, find_other_run(other, run, runs_dir), metric)
        for run in found
        for other in not_worse_than
    ]
    if file is not None:
        write_output(file, [_text(summaries, results, format_, file, output)])
    if file is None or output.json:
        shown = JSON if output.json else format_
        text = _text(summaries, results, shown, None, output)
        if shown == JSON:
            output.json_text(text)
        else:
            output.data(text.rstrip("\n"))
    for result in results:
        if result.passed and result.details.get("why_unpaired"):
            output.note(f"note: {result.message}")
    missed = [result for result in results if not result.passed]
    for result in missed:
        output.complain(f"missed: {result.message}")
    return GATE_MISSED if missed else 0


def report_end(run: RunFolder, output: Output) -> None:
    """Print the results of the run that a command has made."""
    try:
        _print_end(summarize(run), output)
    except UnwritableOutputError as error:
        raise UnwritableOutputError(error.reason, run=str(run.path)) from error


def _print_end(summary: Summary, output: Output) -> None:
    if output.json:
        measured: Mapping[str, Any] = {"metrics": summary.metrics}
        if summary.manifest.kind == "cross_validation":
            measured = {"cross_validation": summary.cross_validation, **sizes_json(summary)}
        elif summary.search is not None:
            measured = search_json(summary)
        output.json_object({"run": str(summary.path), "status": summary.manifest.status, **measured})
    elif output.quiet:
        output.data(str(summary.path))
    else:
        output.render(terminal_report([summary], width=output.width))


def _redraw(run: RunFolder, output: Output) -> None:
    """Draw the missing figures of a run that has ended."""
    if run.is_alive():
        return
    try:
        draw_missing_figures(run)
    except MachineError as error:
        output.note(error.message)


def _text(
    summaries: Sequence[Summary],
    results: Sequence[GateResult],
    format_: str,
    file: Path | None,
    output: Output,
) -> str:
    if format_ in TEXT_FORMATS:
        return TEXT_FORMATS[format_].text(summaries, results, file.parent if file else Path())
    shown = terminal_report(summaries, results, width=None if file else output.width)
    return output.rendered(shown, plain=file is not None)
