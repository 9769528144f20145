from __future__ import annotations

from fnnctl.report.html.blocks import Article, Block, Part, block
from fnnctl.report.html.markup import EMPTY, Markup, content, element
from fnnctl.report.html.page import MOST_BYTES, page
from tests.report.html.checked import checked


def article(title: str, *blocks: Block) -> Article:
    return Article(title, EMPTY, blocks)


def big(character: str, size: int, source: str | None = None) -> Part:
    return Part(element("p", Markup(character * size)), source)


def test_contents_link_to_the_blocks_of_one_run() -> None:
    parsed = checked(page("p", [article("a", block("One", content("1")), block("One", content("2")))]))
    assert parsed.text("a") == ["One", "One"]
    assert parsed.text("h1", "h2") == ["a", "One", "One"]


def test_contents_link_to_several_runs() -> None:
    parsed = checked(page("two", [article("a", block("One", EMPTY)), article("a", block("One", EMPTY))]))
    assert parsed.text("a") == ["a", "a"]
    assert parsed.text("h1", "h2", "h3") == ["two", "a", "One", "a", "One"]


def test_the_largest_parts_are_left_out_of_a_page_that_would_be_too_large() -> None:
    parts = (big("a", 600_000), big("b", 300_000, "b.csv"), big("c", 350_000, "c.csv"))
    text = page("p", [article("a", Block("One", parts))])
    checked(text)
    assert len(text.encode()) < MOST_BYTES
    assert "b" * 300_000 in text
    assert "c" * 350_000 not in text
    assert "it is in <code>c.csv</code>" in text


def test_what_cannot_be_left_out_stays() -> None:
    text = page("p", [article("a", Block("One", (big("a", MOST_BYTES), big("b", 10, "b.csv"))))])
    assert "a" * MOST_BYTES in text
    assert "<code>b.csv</code>" in text


def test_texts_outside_of_ascii_are_written_as_they_are() -> None:
    assert "<h2>größe 中文</h2>" in page("p", [article("a", block("größe 中文", EMPTY))])
