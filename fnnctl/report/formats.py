"""The formats of a report, and which one is meant. A new one is a file here and a line in `TEXT_FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fnnctl.errors import UsageError, did_you_mean
from fnnctl.report.gates import GateResult
from fnnctl.report.json_report import json_report
from fnnctl.report.markdown import markdown_report
from fnnctl.report.summary import Summary
from fnnctl.store.documents import to_json
from fnnctl.text import shown


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a report is written."""

    ending: str
    """The ending of a file's name that asks for this format."""
    text: Callable[[Sequence[Summary], Sequence[GateResult], Path], str]
    """The report of some runs and their gates; links are relative to the folder."""


def _json(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    return to_json(json_report(summaries, results))


JSON: Final = "json"
TEXT_FORMATS: Final[Mapping[str, TextFormat]] = {
    "markdown": TextFormat(".md", markdown_report),
    JSON: TextFormat(".json", _json),
}
"""All formats but `terminal`, which depends on the terminal's width and colours."""
TERMINAL: Final = "terminal"
FORMATS: Final = (TERMINAL, *TEXT_FORMATS)
_BY_ENDING: Final = {**{each.ending: name for name, each in TEXT_FORMATS.items()}, ".txt": TERMINAL}


def chosen_format(wanted: str | None, file: Path | None, *, default: str = TERMINAL) -> str:
    """The format of a report: the wanted one, else the one of the file's ending, else the default.

    Raises `UsageError` for a format that does not exist, an ending that is no format's if none is wanted, and
    an ending that is another format's than the wanted one.
    """
    ending = file.suffix.lower() if file else ""
    of_ending = _BY_ENDING.get(ending)
    if wanted is None:
        if ending and of_ending is None:
            known = ", ".join(_BY_ENDING)
            raise UsageError(
                f"--output {shown(str(file))}: no report format has the ending {shown(ending)}; "
                f"write {known}, or choose one with --format"
            )
        return of_ending or default
    if wanted not in FORMATS:
        raise UsageError(
            f"there is no report format {shown(wanted)}; it is one of {', '.join(FORMATS)}"
            + did_you_mean(wanted, FORMATS)
        )
    if of_ending not in (None, wanted):
        raise UsageError(
            f"--output {shown(str(file))} asks for the format {of_ending} by its ending, and --format for "
            f"{wanted}: change one of the two"
        )
    return wanted
