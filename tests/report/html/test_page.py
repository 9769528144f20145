from __future__ import annotations

from fnnctl.report.html.blocks import Article, Block, block
from fnnctl.report.html.markup import EMPTY, content
from fnnctl.report.html.page import page
from tests.report.html.checked import checked


def article(title: str, *blocks: Block) -> Article:
    return Article(title, EMPTY, blocks)


def test_contents_link_to_the_blocks_of_one_run() -> None:
    parsed = checked(page("p", [article("a", block("One", content("1")), block("One", content("2")))]))
    assert parsed.text("a") == ["One", "One"]
    assert parsed.text("h1", "h2") == ["a", "One", "One"]


def test_contents_link_to_several_runs() -> None:
    parsed = checked(page("two", [article("a", block("One", EMPTY)), article("a", block("One", EMPTY))]))
    assert parsed.text("a") == ["a", "a"]
    assert parsed.text("h1", "h2", "h3") == ["two", "a", "One", "a", "One"]


def test_texts_outside_of_ascii_are_written_as_they_are() -> None:
    assert "<h2>größe 中文</h2>" in page("p", [article("a", block("größe 中文", EMPTY))])
