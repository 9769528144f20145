from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.html.markup import EMPTY, Markup, content, element
from fnnctl.report.html.page import MAX_BYTES, Article, PageSection, Part, page
from tests.report.html.checked import checked


def article(title: str, *texts: str) -> Article:
    """An article of sections with this title."""
    return Article(title, EMPTY, tuple(PageSection("One", (Part(content(text)),)) for text in texts))


def test_contents_link_to_the_sections_of_one_run_or_to_several() -> None:
    """Texts outside of ASCII are written as they are."""
    text = page("p", [article("größe 中文", "1", "2")])
    assert ">größe 中文</h1>" in text
    one = checked(text)
    assert one.text("a") == ["One", "One"]
    assert one.text("h1", "h2") == ["größe 中文", "One", "One"]
    several = checked(page("two", [article("a", "")] * 2))
    assert several.text("a") == ["a", "a"]
    assert several.text("h1", "h2", "h3") == ["two", "a", "One", "a", "One"]


def big(character: str, size: int, source: str | None = None) -> Part:
    return Part(element("p", Markup(character * size)), source)


def page_of(*sections: PageSection) -> str:
    text = page("p", [Article("a", EMPTY, sections)])
    checked(text)
    return text


def test_the_largest_parts_are_left_out_of_a_page_that_would_be_too_large() -> None:
    parts = (big("a", 600_000), big("b", 300_000, "b.csv"), big("c", 350_000, "c.csv"))
    text = page_of(PageSection("One", parts))
    assert "a" * 600_000 in text
    assert "b" * 300_000 in text
    assert "c" * 350_000 not in text
    assert "it is in <code>c.csv</code>." in text


def test_what_single_targets_have_is_left_out_first() -> None:
    of_run = PageSection("Figures", (big("a", 600_000, "a.png"),))
    of_target = PageSection("Target 'b'", (big("b", 300_000, "b.png"), big("c", 250_000, "c.png")), "target")
    text = page_of(of_run, of_target)
    assert ("a" * 600_000 in text, "b" * 300_000 in text, "c" * 250_000 in text) == (True, True, False)


def test_figures_of_targets_are_left_out_from_the_last_target_on_under_their_captions() -> None:
    sections = [
        PageSection("Target 'x'", (big("x", 700_000, "x.png"),), "target"),
        PageSection("Target 'y'", (replace(big("y", 400_000, "y.png"), caption="Curve <y>"),), "target"),
    ]
    text = page_of(*sections)
    assert ("x" * 700_000 in text, "y" * 400_000 in text) == (True, False)
    assert "Curve &lt;y&gt;. Left out, so that this page stays below 1 MB: it is in <code>y.png" in text


def test_what_is_in_no_file_is_left_out_last() -> None:
    answer = PageSection("Answer", (big("a", 800_000),), "summary")
    text = page_of(answer, PageSection("One", (big("b", 250_000), big("c", 90_000), big("d", 5000, "d.csv"))))
    assert "a" * 800_000 in text
    assert "b" * 250_000 not in text
    assert "c" * 90_000 in text
    assert "<code>d.csv</code>" in text
    assert text.count("1 MB: the Markdown report has it.") == 1


def test_the_size_is_that_of_the_file() -> None:
    """A letter of two bytes; with 499,000 of them, the style sheet is too much."""
    assert "ä" * 499_000 not in page_of(PageSection("One", (big("ä", 499_000),)))


def test_a_page_that_is_too_large_even_so_is_refused() -> None:
    with pytest.raises(UsageError, match="and it must have fewer than 1,000,000: name fewer runs"):
        page_of(PageSection("Answer", (big("a", MAX_BYTES),), "summary"))
