from __future__ import annotations

from fnnctl.report.blocks import Block, Command, Facts, Figure, Files, Notes, Score, Scores, Table
from fnnctl.report.document import Look, Section
from fnnctl.report.html.blocks import block_body, page_section


def test_a_table() -> None:
    """Short texts are never broken, and long ones have room."""
    body = block_body(Table("Classes", ("class", "F1"), (("a", "0.5"), ("  b", "0.25"))))
    assert body == (
        '<div class="scroll" tabindex="0" role="region" aria-label="Classes"><table>'
        '<thead><tr><th scope="col">class</th><th scope="col" class="n">F1</th></tr></thead>'
        '<tbody><tr><th scope="row" class="short">a</th><td class="n">0.5</td></tr>'
        '<tr><th scope="row" class="sub short">b</th><td class="n">0.25</td></tr></tbody></table></div>'
    )
    rows = (("balanced accuracy", "short"), ("x" * 101, "y" * 100))
    body = block_body(Table("Runs", ("kind", "name"), rows, texts=(0, 1)))
    assert '<th scope="row">balanced accuracy</th><td class="short">short</td>' in body
    assert f'<th scope="row" class="long">{"x" * 101}</th><td>{"y" * 100}</td>' in body


def test_the_name_of_a_setting_breaks_after_its_dots() -> None:
    body = block_body(Facts("Settings", (("training.l2 a.", "1.5"),)))
    assert "<dt>training.<wbr>l2 a.</dt><dd>1.5</dd>" in body


def test_a_command_keeps_its_lines() -> None:
    body = block_body(Command("Repeat", ("fnnctl train a.yaml", "--set b=1")))
    assert "fnnctl train a.yaml \\\n  --set b=1" in body


def titles(heading: str, look: Look, *blocks: Block) -> list[str | None]:
    return [part.title for part in page_section(Section(heading, blocks, look), "x").parts]


def test_a_block_has_its_own_title_unless_it_is_the_headings() -> None:
    table, files = Table("Most wrong, by row", ("row",), (("1",),)), Files("Files", (("a", "b"),))
    assert titles("What goes wrong", "columns", table) == ["Most wrong, by row"]
    assert titles("Files", "block", files) == [None]


def test_a_summary_begins_with_its_scores_and_sentences() -> None:
    facts, scores = (
        Facts("Summary", (("a", "b"),)),
        Scores("How good", "test part", (Score("accuracy", 0.5),)),
    )
    table, notes = Table("Sizes", ("rows",), (("1",),)), Notes("About", ("It is.",))
    parts = page_section(Section("Summary", (facts, scores, table, notes), "summary"), "x").parts
    assert [part.markup for part in parts] == [block_body(block) for block in (scores, notes, facts, table)]
    assert [part.title for part in parts] == [None, None, None, "Sizes"]


def test_sentences_below_figures_are_as_wide_as_the_page() -> None:
    notes = Notes("Why", ("It is.",))
    (part,) = page_section(Section("Why", (notes,), "figures"), "x").parts
    assert part.markup == '<div class="wide"><p>It is.</p></div>'


def test_a_figure_that_has_nothing_to_draw_is_absent() -> None:
    assert titles("Figures", "figures", Figure("ROC curves", "roc.png", lambda: None, lambda: "")) == []
