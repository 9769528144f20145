"""The HTML file: articles with their contents, and the style sheet.

The file refers to nothing outside of itself, and it has no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Final

from fnnctl.report.html.blocks import Article, Block, Part
from fnnctl.report.html.limit import limited_page
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier, joined

_HEAD: Final = (
    '<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n'
    '<meta name="referrer" content="no-referrer">\n'
    # Whatever a text from the data may do, the page loads and runs nothing.
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
)


def page(title: str, articles: Sequence[Article], *, footer: str = "") -> str:
    """The whole file, of less than 1 MB: see `limited_page` for what is left out of a larger one."""
    return limited_page(articles, partial(_page, title, footer=footer))


def _page(title: str, articles: Sequence[Article], *, footer: str) -> str:
    several = len(articles) > 1
    names = _identifiers(articles)
    shown = [_article(article, name, several=several) for article, name in zip(articles, names, strict=True)]
    if several:
        shown.insert(0, element("header", element("h1", content(title)), class_="title"))
    main = joined(shown, "\n")
    end = element("footer", element("p", content(footer))) if footer else EMPTY
    return (
        f'<!doctype html>\n<html lang="en" dir="ltr">\n<head>\n{_HEAD}<title>{escape(title)}</title>\n'
        f"<style>\n{style_sheet()}</style>\n</head>\n<body>\n"
        f"{_contents(articles, names)}\n<main>\n{main}\n</main>\n{end}\n</body>\n</html>\n"
    )


@cache
def style_sheet() -> str:
    """The text of `style.css`, which is next to this file."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")


def _identifiers(articles: Sequence[Article]) -> list[str]:
    """A different identifier for each article."""
    return [f"{number}-{identifier(article.title)}" for number, article in enumerate(articles, start=1)]


def _contents(articles: Sequence[Article], names: Sequence[str]) -> Markup:
    """Links to the runs if there are several, else to the blocks of the only one."""
    if len(articles) > 1:
        links = list(zip(names, (article.title for article in articles), strict=True))
    else:
        links = [
            (_block_identifier(names[0], number, block), block.title)
            for number, block in enumerate(articles[0].blocks)
        ]
    entries = (element("li", element("a", content(title), href=f"#{name}")) for name, title in links)
    return element("nav", element("ul", *entries), aria_label="Contents")


def _article(article: Article, name: str, *, several: bool) -> Markup:
    level = 2 if several else 1
    head = element("header", element(f"h{level}", content(article.title)), article.lead)
    blocks = (
        _block(block, _block_identifier(name, number, block), level + 1)
        for number, block in enumerate(article.blocks)
    )
    return element("article", head, Markup("\n"), joined(blocks, "\n"), id=name)


def _block(block: Block, name: str, level: int) -> Markup:
    inner = joined(_part(part, level + 1) for part in block.parts)
    heading = element(f"h{level}", content(block.title))
    return element("section", heading, inner, id=name, class_=block.look)


def _part(part: Part, level: int) -> Markup:
    if part.title is None:
        return part.markup
    heading = element(f"h{level}", content(part.title), class_="label")
    return element("div", heading, part.markup, class_="part")


def _block_identifier(article: str, number: int, block: Block) -> str:
    return f"{article}-{number}-{identifier(block.title)[:40]}"
