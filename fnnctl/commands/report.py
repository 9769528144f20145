"""`fnnctl report`: how runs went, and whether their metrics pass the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnnctl.console.output import Output
from fnnctl.errors import MachineError, UsageError, did_you_mean
from fnnctl.report.figures import draw_missing_figures
from fnnctl.report.formats import TEXT_FORMATS
from fnnctl.report.gates import GateResult, check_gates, parse_gates
from fnnctl.report.search_sections import search_json
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.terminal import terminal_report
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import LATEST

TERMINAL = "terminal"
FORMATS = (TERMINAL, *TEXT_FORMATS)
GATE_MISSED = 1


def report(
    runs: Sequence[str],
    *,
    runs_dir: Path,
    format_: str | None,
    file: Path | None,
    fail_under: Sequence[str],
    output: Output,
) -> int:
    """Report on the runs; return 1 if a gate was missed, else 0.

    Without a format the file's ending decides. Raises `UsageError` for an unknown run, format, or metric
    of a gate.
    """
    file = None if file == Path("-") else file
    of_ending = {each.ending: name for name, each in TEXT_FORMATS.items()}
    format_ = format_ or of_ending.get(file.suffix if file else "", TERMINAL)
    if format_ not in FORMATS:
        raise UsageError(
            f"there is no report format '{format_}'; it is one of {', '.join(FORMATS)}"
            + did_you_mean(format_, FORMATS)
        )
    gates = parse_gates(fail_under)
    found = [find_run(run, runs_dir) for run in runs or [LATEST]]
    for run in found:
        _redraw(run, output)
    summaries = [summarize(run) for run in found]
    results = [result for summary in summaries for result in check_gates(gates, summary)]
    _write(summaries, results, format_, file, output)
    missed = [result for result in results if not result.passed]
    for result in missed:
        gate = result.gate
        output.complain(f"missed: {gate.metric} is {result.value:g}, wanted {gate.wanted}{gate.hint}")
    return GATE_MISSED if missed else 0


def report_end(run: RunFolder, output: Output) -> None:
    """What a command prints at its end of the run that it has made."""
    summary = summarize(run)
    if output.json:
        measured: Mapping[str, Any] = {"metrics": summary.metrics}
        if summary.manifest.kind == "cross_validation":
            measured = {"cross_validation": summary.cross_validation}
        elif summary.search is not None:
            measured = search_json(summary)
        output.json_object({"run": str(summary.path), "status": summary.manifest.status, **measured})
    elif output.quiet:
        output.data(str(summary.path))
    else:
        output.render(terminal_report([summary], width=output.width))


def _redraw(run: RunFolder, output: Output) -> None:
    """Draw the missing figures of a run that is over."""
    if run.is_alive():
        return
    try:
        draw_missing_figures(run)
    except MachineError as error:
        output.note(error.message)


def _write(
    summaries: Sequence[Summary],
    results: Sequence[GateResult],
    format_: str,
    file: Path | None,
    output: Output,
) -> None:
    if format_ in TEXT_FORMATS:
        text = TEXT_FORMATS[format_].text(summaries, results, file.parent if file else Path())
    else:
        shown = terminal_report(summaries, results, width=None if file else output.width)
        text = output.rendered(shown, plain=file is not None)
    if file is not None:
        write_output(file, [text])
    elif format_ == "json":
        output.json_text(text)
    else:
        output.data(text.rstrip("\n"))
