from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fnnctl.report.answer.answer import answer
from fnnctl.report.html.model_card import model_card, paragraphs
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import OpenRun
from tests.report.html.checked import Page

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


def card(summary: Summary) -> Page:
    (part, *others) = model_card(summary, answer(summary)).parts
    return Page("".join(each.markup for each in (part, *others)))


def test_without_notes_it_says_how_to_add_them(summary: Summary) -> None:
    page = card(summary)
    assert page.text("span") == ["not stated"] * 3
    assert page.text("code") == ["notes:\n  intended_use: …\n  limits: …\n  data: …"]


def test_notes_fill_it(summary: Summary) -> None:
    (summary.path / RESOLVED).write_text(RESOLVED_TEXT)
    page = card(replace(summary, files=(*summary.files, RESOLVED)))
    assert page.text("p")[:3] == ["A test.", "Only <b>new</b> flowers.", "No trees."]
    assert page.text("code") == ["notes:\n  intended_use: …\n  data: …"]


def test_a_config_of_another_version_has_none(summary: Summary) -> None:
    (summary.path / RESOLVED).write_text("unknown: 1\n")
    assert card(summary).text("span") == ["not stated"] * 3


def test_it_has_what_is_known(summary: Summary) -> None:
    values = card(summary).text("dd")
    assert "1,150 rows, 4 numeric columns, 1 categorical column" in values
    assert "species, 2 classes" in values
    assert "0123456789abcdef" * 4 in values
    assert any(value.startswith("accuracy 0.9000 (0.8000–0.9500); ") for value in values)
    assert "1 warning; see above" in values


def test_paragraphs() -> None:
    assert paragraphs("a\nb\n \nc\n") == "<p>a b</p><p>c</p>"
