"""The report formats, and which one to use. A new one is a file here and a line in `TEXT_FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fnnctl.errors import UsageError
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.formats.markdown import markdown_report
from fnnctl.report.formats.short_markdown import short_markdown_report
from fnnctl.report.gates import GateResult
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import short_document, text_document
from fnnctl.store.documents import to_json
from fnnctl.text import did_you_mean, quoted


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A report format that is plain text."""

    ending: str
    """The file name ending that selects this format."""
    text: Callable[[Sequence[Summary], Sequence[GateResult], Path], str]
    """Returns the report on runs and gates; links are relative to the folder."""
    short: Callable[[Sequence[Summary], Sequence[GateResult], Path], str] | None = None
    """The same for the short report; None if the format has none."""


def _markdown(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    return markdown_report([text_document(summary) for summary in summaries], results, folder)


def _short_markdown(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    return short_markdown_report([short_document(summary) for summary in summaries], results, folder)


def _json(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    return to_json(json_report(summaries, results))


def _html(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    from fnnctl.report.html.report import html_report  # it knows searches, and takes long to import

    return html_report(summaries, results, folder)


HTML: Final = "html"
JSON: Final = "json"
TEXT_FORMATS: Final[Mapping[str, TextFormat]] = {
    "markdown": TextFormat(".md", _markdown, _short_markdown),
    HTML: TextFormat(".html", _html),
    JSON: TextFormat(".json", _json),
}
"""All formats except `terminal`, which depends on the terminal's width and colours."""
TERMINAL: Final = "terminal"
FORMATS: Final = (TERMINAL, *TEXT_FORMATS)
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
