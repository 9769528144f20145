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
            "r.html",
            r"'r.html': no report format has the ending '.html'; use .md, .json, .txt, or choose",
        ),
        (None, "r.htm", "no report format has the ending '.htm'"),
        (None, "r.csv", "no report format has the ending '.csv'"),
        ("md", None, "there is no report format 'md'; choose one of terminal, markdown, json"),
        ("jsn", None, r"\(did you mean 'json'\?\)"),
        ("html", "r.html", "there is no report format 'html'"),
        (
            "json",
            "r.md",
            "'r.md' has the ending of the format markdown, but --format is json: change one",
        ),
        ("markdown", "r.txt", "'r.txt' has the ending of the format terminal"),
    ],
)
def test_refused_values(wanted: str | None, file: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen_format(wanted, Path(file) if file else None)
