"""The HTML file: articles of sections, their contents, the style sheet, and the limit to its size.

The file refers to nothing outside of itself, and it has no script. It must stay small enough to be sent, so
parts of a large page are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files
from typing import Final, TypeAlias

from fnnctl.errors import UsageError
from fnnctl.report.document import Look
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier, join_markup


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a section."""

    markup: Markup
    source: str | None = None
    """The file with the same content. If the page would be too large, parts that have one are left out first,
    and the page names the file instead."""
    title: str | None = None
    """Its own heading, one level below the section's."""
    caption: str | None = None
    """The caption inside a figure, which its note has if the figure is left out."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """A section of the page below its own heading."""

    heading: str
    parts: tuple[Part, ...]
    look: Look = "block"
    """A class of the style sheet."""


@dataclass(frozen=True, slots=True)
class Article:
    """What the page says of one run, or of several together."""

    title: str
    lead: Markup
    """Status, times and index, below the title."""
    sections: tuple[PageSection, ...]


MAX_BYTES: Final = 1_000_000
SMALL: Final = 1000
"""Smaller parts are not left out for want of room: the note in their index is hardly smaller."""
CLASSES: Final[dict[Look, str]] = {"target": "figures target"}
"""The classes of looks that are variants of another one."""
FIRST_LOOKS: Final[frozenset[Look]] = frozenset({"summary", "failure", "warning", "passed"})
"""The sections that a page is read for; they always stay."""

PartIndex: TypeAlias = tuple[int, int, int]
"""Article, section and part."""


def limited_page(articles: Sequence[Article], render: Callable[[Sequence[Article]], str]) -> str:
    """The page of the articles, of less than `MAX_BYTES`.

    From a larger one parts are left out: first figures of single targets, from the last target on, then the
    largest parts that are in a file too, such as other figures, then the largest of the others. Raises
    `UsageError` if the page is too large even so, as one of very many runs.
    """
    for candidates in (_of_targets, _with_sources, _others):
        text = render(articles)
        if (excess := len(text.encode()) - MAX_BYTES + 1) <= 0:
            return text
        articles = _smaller(articles, candidates(articles), excess)
    if (size := len((text := render(articles)).encode())) < MAX_BYTES:
        return text
    raise UsageError(
        f"the page would have {size:,} bytes, and it must have fewer than {MAX_BYTES:,}: name fewer runs, "
        "or use --format markdown"
    )


def _of_targets(articles: Sequence[Article]) -> list[tuple[PartIndex, Part]]:
    """Those of single targets, the last ones first, so that whole targets stay."""
    parts = [
        (index, part)
        for index, part, look in _all_parts(articles)
        if look == "target" and part.source is not None
    ]
    return parts[::-1]


def _with_sources(articles: Sequence[Article]) -> list[tuple[PartIndex, Part]]:
    return _by_size((index, part) for index, part, _ in _all_parts(articles) if part.source is not None)


def _others(articles: Sequence[Article]) -> list[tuple[PartIndex, Part]]:
    return _by_size(
        (index, part)
        for index, part, look in _all_parts(articles)
        if look not in FIRST_LOOKS and len(part.markup) >= SMALL
    )


def _by_size(parts: Iterable[tuple[PartIndex, Part]]) -> list[tuple[PartIndex, Part]]:
    """The largest first."""
    return sorted(parts, key=lambda item: -_size(item[1]))


def _size(part: Part) -> int:
    return len(part.markup.encode())


def _all_parts(articles: Sequence[Article]) -> Iterator[tuple[PartIndex, Part, Look]]:
    """All parts, with the looks of their sections."""
    for article_index, article in enumerate(articles):
        for section_index, section in enumerate(article.sections):
            for part_index, part in enumerate(section.parts):
                yield (article_index, section_index, part_index), part, section.look


def _smaller(
    articles: Sequence[Article], parts: Iterable[tuple[PartIndex, Part]], excess: int
) -> list[Article]:
    """The articles without the first of the parts, until they have `excess` fewer bytes."""
    shorter = list(articles)
    for index, part in parts:
        if excess <= 0:
            break
        note = _note(part)
        shorter[index[0]] = _with_note(shorter[index[0]], index, note)
        excess -= _size(part) - len(note.encode())
    return shorter


def _note(part: Part) -> Markup:
    """What stands in place of a part: its caption, and where else its content is."""
    location = "the Markdown report has it" if part.source is None else "it is in "
    file = EMPTY if part.source is None else element("code", escape(part.source))
    caption = "" if part.caption is None else f"{part.caption}. "
    text = f"{caption}Left out, so that this page stays below {MAX_BYTES // 1_000_000} MB: {location}"
    return element("p", content(text), file, Markup("."), class_="note")


def _with_note(article: Article, index: PartIndex, note: Markup) -> Article:
    _, section_index, part_index = index
    sections = list(article.sections)
    parts = list(sections[section_index].parts)
    parts[part_index] = replace(parts[part_index], markup=note, source=None)
    sections[section_index] = replace(sections[section_index], parts=tuple(parts))
    return replace(article, sections=tuple(sections))


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
    parts = [_article(article, name, several=several) for article, name in zip(articles, names, strict=True)]
    if several:
        parts.insert(0, element("header", element("h1", content(title)), class_="title"))
    main = join_markup(parts, "\n")
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
    """Links to the runs if there are several, else to the sections of the only one."""
    if len(articles) > 1:
        links = list(zip(names, (article.title for article in articles), strict=True))
    else:
        links = [
            (_section_identifier(names[0], number, section), section.heading)
            for number, section in enumerate(articles[0].sections)
        ]
    entries = (element("li", element("a", content(title), href=f"#{name}")) for name, title in links)
    return element("nav", element("ul", *entries), aria_label="Contents")


def _article(article: Article, name: str, *, several: bool) -> Markup:
    level = 2 if several else 1
    head = element("header", element(f"h{level}", content(article.title)), article.lead)
    sections = (
        _section(section, _section_identifier(name, number, section), level + 1)
        for number, section in enumerate(article.sections)
    )
    return element("article", head, Markup("\n"), join_markup(sections, "\n"), id=name)


def _section(section: PageSection, name: str, level: int) -> Markup:
    inner = join_markup(_part(part, level + 1) for part in section.parts)
    heading = element(f"h{level}", content(section.heading))
    return element("section", heading, inner, id=name, class_=CLASSES.get(section.look, section.look))


def _part(part: Part, level: int) -> Markup:
    if part.title is None:
        return part.markup
    heading = element(f"h{level}", content(part.title), class_="label")
    return element("div", heading, part.markup, class_="part")


def _section_identifier(article: str, number: int, section: PageSection) -> str:
    return f"{article}-{number}-{identifier(section.heading)[:40]}"
