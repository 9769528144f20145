"""The report formats, and which one to use. A new one is a file here and a line in `TEXT_FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import RenderableType

from fnnctl.errors import UsageError
from fnnctl.report.document import Document
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.formats.markdown import markdown_report, short_markdown_report
from fnnctl.report.formats.short_terminal import short_terminal_report
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.gates import GateResult
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import run_document
from fnnctl.store.documents import to_json
from fnnctl.text import did_you_mean, quoted


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported, in every format."""

    documents: Callable[[bool], Sequence[Document]]
    """Those of a short report, or of a complete one."""
    to_dict: Callable[[], Mapping[str, Any]]
    """The JSON object."""
    results: Sequence[GateResult] = ()
    """Those of the gates."""

    def text(self, format_: str, folder: Path = Path(), *, short: bool = False) -> str:
        """In one of `TEXT_FORMATS`, complete if it has no short report; links are relative to the folder."""
        text_format = TEXT_FORMATS[format_]
        return ((text_format.short if short else None) or text_format.text)(self, folder)

    def terminal(self, width: int | None, *, short: bool = False) -> RenderableType:
        """For a terminal with this many columns."""
        render = short_terminal_report if short else terminal_report
        return render(self.documents(short), self.results, width=width)


def runs_report(summaries: Sequence[Summary], results: Sequence[GateResult] = ()) -> Report:
    """The report on runs."""
    return Report(
        lambda short: [run_document(summary, short=short) for summary in summaries],
        lambda: json_report(summaries, results),
        results,
    )


def document_report(document: Callable[[], Document], to_dict: Callable[[], Mapping[str, Any]]) -> Report:
    """A report that is one document, and always complete."""
    return Report(lambda _: [document()], to_dict)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A report format that is plain text."""

    ending: str
    """The file name ending that selects this format."""
    text: Callable[[Report, Path], str]
    """Returns the report; links are relative to the folder."""
    short: Callable[[Report, Path], str] | None = None
    """The same for the short report; None if the format has none."""


def _html(report: Report, _: Path) -> str:
    from fnnctl.report.html.report import html_report  # most reports are no pages

    return html_report(report.documents(False), report.results)


HTML: Final = "html"
JSON: Final = "json"
TEXT_FORMATS: Final[Mapping[str, TextFormat]] = {
    "markdown": TextFormat(
        ".md",
        lambda report, folder: markdown_report(report.documents(False), report.results, folder),
        lambda report, folder: short_markdown_report(report.documents(True), report.results, folder),
    ),
    HTML: TextFormat(".html", _html),
    JSON: TextFormat(".json", lambda report, _: to_json(report.to_dict())),
}
"""All formats except `terminal`, which depends on the terminal's width and colours."""
TERMINAL: Final = "terminal"
FORMATS: Final = (TERMINAL, *TEXT_FORMATS)
SHORT_FORMATS: Final = (TERMINAL, *(name for name, text_format in TEXT_FORMATS.items() if text_format.short))
_BY_ENDING: Final = {
    **{text_format.ending: name for name, text_format in TEXT_FORMATS.items()},
    ".txt": TERMINAL,
}


def chosen_format(name: str | None, file: Path | None, *, default: str = TERMINAL) -> str:
    """The format of a report: the named one, else the one that the file's ending selects, else the default.

    Raises `UsageError` for an unknown format, for an unknown ending if no format is named, and for an ending
    that selects another format than the named one.
    """
    ending = file.suffix.lower() if file else ""
    ending_format = _BY_ENDING.get(ending)
    if name is None:
        if ending and ending_format is None:
            endings = ", ".join(_BY_ENDING)
            raise UsageError(
                f"--output {quoted(str(file))}: no report format has the ending {quoted(ending)}; "
                f"use {endings}, or choose a format with --format"
            )
        return ending_format or default
    if name not in FORMATS:
        raise UsageError(
            f"there is no report format {quoted(name)}; choose one of {', '.join(FORMATS)}"
            + did_you_mean(name, FORMATS)
        )
    if ending_format not in (None, name):
        raise UsageError(
            f"--output {quoted(str(file))} has the ending of the format {ending_format}, but --format is "
            f"{name}: change one of the two"
        )
    return name
