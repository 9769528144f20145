from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from fnnctl.report.blocks import Excerpt, Facts, Notes
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.model_card import model_card
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import OpenRun

Kind = TypeVar("Kind", Facts, Excerpt, Notes)
RESOLVED_TEXT = """\
notes:
  limits: |
    Only <b>new</b> flowers.

    No trees.
  text: A test.
data: {source: iris}
"""


@pytest.fixture
def summary(finished_run: Callable[..., OpenRun]) -> Summary:
    return summarize(finished_run())


def card(summary: Summary) -> dict[str, str]:
    """The facts of the card."""
    return dict(row for section in of_kind(summary, Facts) for row in section.rows)


def of_kind(summary: Summary, kind: type[Kind]) -> list[Kind]:
    return [section for section in model_card(summary) if isinstance(section, kind)]


def test_without_notes_it_says_how_to_add_them(summary: Summary) -> None:
    assert list(card(summary).values())[:3] == ["not stated"] * 3
    (excerpt,) = of_kind(summary, Excerpt)
    assert excerpt.rows == ("notes:", "  intended_use: …", "  limits: …", "  data: …")


def test_notes_fill_it(summary: Summary) -> None:
    (summary.path / RESOLVED).write_text(RESOLVED_TEXT)
    noted = replace(summary, files=(*summary.files, RESOLVED))
    assert [section.rows for section in of_kind(noted, Notes)] == [("A test.",)]
    assert card(noted)["limits"] == "Only <b>new</b> flowers.\n\nNo trees."
    assert [section.rows for section in of_kind(noted, Excerpt)] == [
        ("notes:", "  intended_use: …", "  data: …")
    ]


def test_a_config_of_another_version_has_none(summary: Summary) -> None:
    (summary.path / RESOLVED).write_text("unknown: 1\n")
    assert list(card(summary).values())[:3] == ["not stated"] * 3


def test_it_has_what_is_known(summary: Summary) -> None:
    values = card(summary)
    assert values["rows and columns"] == "1,150 rows, 4 numeric columns, 1 categorical column"
    assert values["target"] == "species, 2 classes"
    assert values["SHA-256"] == "0123456789abcdef" * 4
    assert values["measured: test part"].startswith("accuracy 0.9000 (0.8000–0.9500); ")
    assert values["worst class"].startswith("setosa: F1 0.3333")
    assert values["warnings"] == "1 warning"
