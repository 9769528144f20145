"""The formats of a report that are plain text. A new one is a file here and a line in `TEXT_FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fnnctl.report.gates import GateResult
from fnnctl.report.json_report import json_report
from fnnctl.report.markdown import markdown_report
from fnnctl.report.summary import Summary
from fnnctl.store.documents import to_json


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a report is written."""

    ending: str
    """The ending of a file's name that asks for this format."""
    text: Callable[[Sequence[Summary], Sequence[GateResult], Path], str]
    """The report of some runs and their gates; links are relative to the folder."""


def _json(summaries: Sequence[Summary], results: Sequence[GateResult], folder: Path) -> str:
    return to_json(json_report(summaries, results))


TEXT_FORMATS: Final[Mapping[str, TextFormat]] = {
    "markdown": TextFormat(".md", markdown_report),
    "json": TextFormat(".json", _json),
}
"""All formats but `terminal`, which depends on the terminal's width and colours."""
