from __future__ import annotations

import pytest

from fnnctl.report.html.markup import EMPTY
from fnnctl.report.html.page import Article, page
from fnnctl.report.html.sections import heading_block, section_block, section_body
from fnnctl.report.sections import Command, DefinitionList, FileList, Section, TableSection
from tests.report.html.checked import checked
from tests.report.kinds import HOSTILE, SECTIONS, SHOWN


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: type(section).__name__)
def test_hostile_text_is_shown_as_it_is(section: Section) -> None:
    text = page(HOSTILE, [Article(HOSTILE, EMPTY, (section_block(section),))])
    parsed = checked(text)
    shown = "".join(data for tag, data in parsed.texts if tag != "style")
    assert shown.count(SHOWN) >= 4
    assert "\x1b" not in text


def test_a_table() -> None:
    body = section_body(TableSection("Classes", ("class", "F1"), (("a", "0.5"), ("  b", "0.25"))))
    assert body == (
        '<div class="scroll" tabindex="0" role="region" aria-label="Classes"><table>'
        '<thead><tr><th scope="col">class</th><th scope="col" class="n">F1</th></tr></thead>'
        '<tbody><tr><th scope="row" class="short">a</th><td class="n">0.5</td></tr>'
        '<tr><th scope="row" class="sub short">b</th><td class="n">0.25</td></tr></tbody></table></div>'
    )


def test_short_texts_are_never_broken_and_long_ones_have_room() -> None:
    rows = (("balanced accuracy", "short"), ("x" * 101, "y" * 100))
    body = section_body(TableSection("Runs", ("kind", "name"), rows, texts=(0, 1)))
    assert '<th scope="row">balanced accuracy</th><td class="short">short</td>' in body
    assert f'<th scope="row" class="long">{"x" * 101}</th><td>{"y" * 100}</td>' in body


def test_the_name_of_a_setting_breaks_after_its_dots() -> None:
    body = section_body(DefinitionList("Settings", (("training.l2 a.", "1.5"),)))
    assert "<dt>training.<wbr>l2 a.</dt><dd>1.5</dd>" in body


def test_a_command_keeps_its_lines() -> None:
    body = section_body(Command("Repeat", ("fnnctl train a.yaml", "--set b=1")))
    assert "fnnctl train a.yaml \\\n  --set b=1" in body


def test_a_section_has_its_own_title_unless_it_is_the_headings() -> None:
    table, files = TableSection("Most wrong, by row", ("row",), (("1",),)), FileList("Files", (("a", "b"),))
    assert [part.title for part in heading_block("What goes wrong", "columns", [table], ()).parts] == [
        "Most wrong, by row"
    ]
    assert [part.title for part in heading_block("Files", "block", [files], ()).parts] == [None]
