"""Shows a document in the form that the user wants: a comparison, or the description of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fnnctl.console.output import Output
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import JSON, TERMINAL
from fnnctl.store.atomic import write_output

if TYPE_CHECKING:
    from rich.console import RenderableType


def show_document(
    form: ReportForm,
    output: Output,
    *,
    text: Callable[[str], str],
    layout: Callable[[int | None], RenderableType],
    quiet: Callable[[], str] | None = None,
) -> None:
    """Write the document to the file of a form that is `checked`, or print it.

    `text` gives it in a format, `layout` for a terminal of a width (None: a file). `--json` prints the JSON
    object even if a file is written too; `--quiet` prints the text of `quiet`.
    """

    def in_form() -> str:
        if form.format != TERMINAL:
            return text(form.format or TERMINAL)
        return output.rendered(layout(None if form.file else output.width), plain=form.file is not None)

    if form.file is not None:
        write_output(form.file, [in_form()])
    if output.json:
        output.json_text(text(JSON))
    elif form.file is None and quiet and output.quiet and form.format == TERMINAL:
        output.data(quiet())
    elif form.file is None:
        output.data(in_form().rstrip("\n"))
