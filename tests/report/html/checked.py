"""Parses a page as a browser would, and checks what holds for every page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "wbr", "br", "hr", "img", "input"}
LOADING = {"script", "link", "iframe", "object", "embed", "img", "video", "audio", "base", "form"}


class Page(HTMLParser):
    """A parsed page; parsing fails if elements are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in tags]

    def text(self, *tags: str) -> list[str]:
        return [data for tag, data in self.texts if tag in tags and data.strip()]


def checked(text: str) -> Page:
    """The page, if it is well-formed, loads nothing, runs nothing, and can be read without seeing it."""
    assert text.startswith("<!doctype html>")
    assert len(text.encode()) < 1_000_000
    page = Page(text)
    assert not LOADING & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} has {name}"
            if name in {"href", "src", "action", "xlink:href"}:
                assert str(value).startswith(("#", "data:image/png;base64,")), f"{tag} refers to {value}"
    assert not re.search(r"@import|url\((?!#)", "".join(page.text("style")))
    identifiers = [str(each["id"]) for _, each in page.tags if "id" in each]
    assert len(set(identifiers)) == len(identifiers)
    targets = {str(each["href"])[1:] for each in page.of("a", "use")}
    assert targets <= set(identifiers)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for attributes in page.of("svg"):
        assert attributes["role"] == "img"
        assert attributes["aria-label"]
    return page
