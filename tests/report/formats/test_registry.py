from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.formats.registry import chosen_format


@pytest.mark.parametrize(
    ("wanted", "file", "expected"),
    [
        (None, None, "terminal"),
        (None, "r.md", "markdown"),
        (None, "r.2026.JSON", "json"),
        (None, "r.txt", "terminal"),
        (None, "report", "terminal"),
        (None, "/dev/stdout", "terminal"),
        ("markdown", None, "markdown"),
        ("markdown", "summary", "markdown"),
        ("markdown", "r.md", "markdown"),
        ("terminal", "r.log", "terminal"),
        (None, "r.HTML", "html"),
    ],
)
def test_the_wanted_format_or_that_of_the_ending(wanted: str | None, file: str | None, expected: str) -> None:
    assert chosen_format(wanted, Path(file) if file else None) == expected


def test_without_either_there_is_a_default() -> None:
    assert chosen_format(None, Path("report"), default="json") == "json"
    assert chosen_format(None, Path("r.md"), default="json") == "markdown"


@pytest.mark.parametrize(
    ("wanted", "file", "message"),
    [
        (
            None,
            "r.pdf",
            r"'r.pdf': no report format has the ending '.pdf'; use .md, .html, .json, .txt, or choose",
        ),
        (None, "r.htm", "no report format has the ending '.htm'"),
        (None, "r.csv", "no report format has the ending '.csv'"),
        ("md", None, "there is no report format 'md'; choose one of terminal, markdown, html, json"),
        ("jsn", None, r"\(did you mean 'json'\?\)"),
        ("pdf", "r.html", "there is no report format 'pdf'"),
        ("json", "r.md", "'r.md' has the ending of the format markdown, but --format is json: change one"),
        ("markdown", "r.txt", "'r.txt' has the ending of the format terminal"),
    ],
)
def test_refused_values(wanted: str | None, file: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen_format(wanted, Path(file) if file else None)
