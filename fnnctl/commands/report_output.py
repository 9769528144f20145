"""Shows a report in the form that the user wants."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.console.output import Output
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import JSON, TERMINAL, Report
from fnnctl.store.atomic import write_output


def report_text(report: Report, form: ReportForm, output: Output, *, short: bool = False) -> str:
    """The report as the text of its file or, without one, as what is printed.

    `short` is whether a terminal shows the short report; other formats are short if the form says so.
    """
    if form.format not in (None, TERMINAL):
        return report.text(form.format, form.folder, short=form.short)
    width = None if form.file else output.width
    return output.rendered(report.terminal(width, short=short), plain=form.file is not None)


def show_report_text(
    report: Report, form: ReportForm, output: Output, *, quiet: Callable[[], str] | None = None
) -> None:
    """Write a report without gates to the file of a resolved form, or print it.

    `--json` prints the JSON object even if a file is written too; `--quiet` prints the text of `quiet`.
    """
    if form.file is not None:
        write_output(form.file, [report_text(report, form, output)])
    if output.json:
        output.json_text(report.text(JSON))
    elif form.file is None and quiet and output.quiet and form.format == TERMINAL:
        output.data(quiet())
    elif form.file is None:
        output.data(report_text(report, form, output).rstrip("\n"))
