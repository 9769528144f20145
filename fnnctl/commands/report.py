"""`fnnctl report`: reports on runs, and checks their metrics against gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fnnctl.console.output import Output
from fnnctl.errors import MachineError, UnwritableOutputError, UsageError
from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.values import Answer
from fnnctl.report.figures.drawing import draw_missing_figures
from fnnctl.report.formats.form import STDOUT, ReportForm
from fnnctl.report.formats.registry import JSON, TERMINAL, TEXT_FORMATS
from fnnctl.report.formats.short_terminal import short_terminal_report
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.gates import (
    GateResult,
    check_gates,
    check_not_worse,
    find_other_run,
    gate_lines,
    parse_gates,
)
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.sizes import sizes_json
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fnnctl.metrics.feature_importance import FeatureImportances

GATE_MISSED: Final = 1


def report(
    runs: Sequence[str],
    *,
    runs_dir: Path,
    form: ReportForm,
    fail_under: Sequence[str],
    not_worse_than: Sequence[str] = (),
    metric: str | None = None,
    importance: bool = False,
    with_figures: bool = True,
    output: Output,
) -> int:
    """Report on the runs; return 1 if a gate was missed, else 0.

    `--json` prints the JSON object even if a file is written too. With `importance`, the importance of the
    columns is measured first. The `metric` is that of the gates `not_worse_than`. Raises `UsageError` for an
    unknown run, format, or metric of a gate; nothing is written then.
    """
    has_gates = bool(fail_under or not_worse_than)
    form = form.checked(is_json=output.json, is_verbose=output.verbose, has_gates=has_gates)
    if metric is not None and not not_worse_than:
        raise UsageError("--metric belongs to --not-worse-than RUN: add it, or leave --metric out")
    gates = parse_gates(fail_under)
    named: Sequence[str | None] = runs or [None]
    measured: list[FeatureImportances | None] = []
    if importance:
        from fnnctl.commands.importance import measure_importance
        from fnnctl.modelling.saved_model import has_network

        found = [find_run(run, runs_dir, has_network) for run in named]
        measured += [measure_importance(run, output, with_figure=with_figures) for run in found]
    else:
        found = [find_run(run, runs_dir) for run in named]
        measured += [None for _ in found]
    for run in found if with_figures else ():
        _redraw(run, output)
    pairs = zip(found, measured, strict=True)
    summaries = [replace(summarize(run), importances=importances) for run, importances in pairs]
    results = [result for summary in summaries for result in check_gates(gates, summary)]
    results += [
        check_not_worse(run, find_other_run(other, run, runs_dir), metric)
        for run in found
        for other in not_worse_than
    ]
    _write(form, summaries, results, output)
    for result in results:
        if result.passed and result.details.get("why_unpaired"):
            output.note(f"note: {result.message}")
    missed = [result for result in results if not result.passed]
    if not _shows_gates_alone(form, results, output):
        for line in gate_lines(results, only=missed):
            output.complain(line)
    return GATE_MISSED if missed else 0


def _write(
    form: ReportForm, summaries: Sequence[Summary], results: Sequence[GateResult], output: Output
) -> None:
    """Write the files, and print what belongs on standard output."""
    texts: list[tuple[Path, str]] = []
    if form.junit is not None:
        from fnnctl.report.formats.junit import junit_report

        texts.append((form.junit, junit_report(summaries, results)))
    if form.file is not None:
        texts.append((form.file, _text(form, summaries, results, output)))
    for file, text in texts:
        if file == STDOUT:
            output.data(text.rstrip("\n"))
        else:
            write_output(file, [text])
    if output.json:
        output.json_text(_text(ReportForm(JSON), summaries, results, output))
    elif _shows_gates_alone(form, results, output):
        output.lines(f"{line}\n" for line in gate_lines(results))
    elif form.file is None and form.junit != STDOUT:
        text = _text(form, summaries, results, output)
        if form.format == JSON:
            output.json_text(text)
        else:
            output.data(text.rstrip("\n"))


def _shows_gates_alone(form: ReportForm, results: Sequence[GateResult], output: Output) -> bool:
    """Whether the gates' results are all that is printed: with `--quiet`, unless a format is asked for."""
    is_free = form.file is not None or form.format == TERMINAL
    return bool(results) and output.quiet and is_free and not output.json and form.junit != STDOUT


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
            from fnnctl.report.topics.search import search_json

            measured = search_json(summary)
        output.json_object({"run": str(summary.path), "status": summary.manifest.status, **measured})
    elif output.quiet:
        output.data(str(summary.path))
    else:
        show_report([summary], [answer(summary)], output)


def show_report(summaries: Sequence[Summary], answers: Sequence[Answer], output: Output) -> None:
    """Print the short report or, with `--verbose`, the complete one."""
    output.render(_on_terminal(summaries, answers, [], output, width=output.width))


def _redraw(run: RunFolder, output: Output) -> None:
    """Draw the missing figures of a run that has ended."""
    if run.is_alive():
        return
    try:
        draw_missing_figures(run)
    except MachineError as error:
        output.note(error.message)


def _text(
    form: ReportForm, summaries: Sequence[Summary], results: Sequence[GateResult], output: Output
) -> str:
    """The report as the text of its file or, without one, as what is printed."""
    if found := TEXT_FORMATS.get(form.format or TERMINAL):
        folder = form.file.parent if form.file else Path()
        if form.short and found.short:
            return found.short([answer(summary) for summary in summaries], results, folder)
        return found.text(summaries, results, folder)
    width = None if form.file else output.width
    answers = [answer(summary) for summary in summaries]
    shown = _on_terminal(summaries, answers, results, output, width=width)
    return output.rendered(shown, plain=form.file is not None)


def _on_terminal(
    summaries: Sequence[Summary],
    answers: Sequence[Answer],
    results: Sequence[GateResult],
    output: Output,
    *,
    width: int | None,
) -> RenderableType:
    if output.verbose:
        return terminal_report(summaries, results, width=width)
    return short_terminal_report(answers, results, width=width)
