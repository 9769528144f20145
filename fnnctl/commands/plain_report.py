"""Shows a report that is not about a single run in the form that the user wants."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.console.output import Output
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import JSON, TERMINAL
from fnnctl.report.plain_report import PlainReport
from fnnctl.store.atomic import write_output


def show_plain_report(
    report: PlainReport, form: ReportForm, output: Output, *, quiet: Callable[[], str] | None = None
) -> None:
    """Write the report to the file of a resolved form, or print it.

    `--json` prints the JSON object even if a file is written too; `--quiet` prints the text of `quiet`.
    """

    def in_form() -> str:
        if form.format != TERMINAL:
            return report.text(form.format or TERMINAL)
        width = None if form.file else output.width
        return output.rendered(report.terminal(width), plain=form.file is not None)

    if form.file is not None:
        write_output(form.file, [in_form()])
    if output.json:
        output.json_text(report.text(JSON))
    elif form.file is None and quiet and output.quiet and form.format == TERMINAL:
        output.data(quiet())
    elif form.file is None:
        output.data(in_form().rstrip("\n"))
