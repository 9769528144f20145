"""The limit to a page's size, so that it can be sent: what is left out of a larger one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from fnnctl.errors import UsageError
from fnnctl.report.html.blocks import Article, Part
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape

MOST_BYTES: Final = 1_000_000
SMALL: Final = 1000
"""Smaller parts are not left out for want of room: the note in their place is hardly smaller."""
FIRST_LOOKS: Final = frozenset({"answer", "failure", "warning", "passed"})
"""The blocks that a page is read for; they always stay."""

Place: TypeAlias = tuple[int, int, int]
"""Article, block and part."""


def limited_page(articles: Sequence[Article], render: Callable[[Sequence[Article]], str]) -> str:
    """The page of the articles, of less than `MOST_BYTES`.

    From a larger one the largest parts are left out: first those that are in a file too, such as figures,
    then others. Raises `UsageError` if the page is too large even so, as one of very many runs.
    """
    for candidates in (_with_sources, _others):
        text = render(articles)
        if (excess := len(text.encode()) - MOST_BYTES + 1) <= 0:
            return text
        articles = _smaller(articles, dict(candidates(articles)), excess)
    if (size := len((text := render(articles)).encode())) < MOST_BYTES:
        return text
    raise UsageError(
        f"the page would have {size:,} bytes, and it must have fewer than {MOST_BYTES:,}: name fewer runs, "
        "or use --format markdown"
    )


def _with_sources(articles: Sequence[Article]) -> Iterator[tuple[Place, Part]]:
    return ((place, part) for place, part, _ in _parts(articles) if part.source is not None)


def _others(articles: Sequence[Article]) -> Iterator[tuple[Place, Part]]:
    return (
        (place, part)
        for place, part, look in _parts(articles)
        if look not in FIRST_LOOKS and len(part.markup) >= SMALL
    )


def _parts(articles: Sequence[Article]) -> Iterator[tuple[Place, Part, str]]:
    """All parts, with the looks of their blocks."""
    for at, article in enumerate(articles):
        for number, block in enumerate(article.blocks):
            for place, part in enumerate(block.parts):
                yield (at, number, place), part, block.look


def _smaller(articles: Sequence[Article], parts: dict[Place, Part], excess: int) -> list[Article]:
    """The articles without the largest of the parts, until they have `excess` fewer bytes."""
    shorter = list(articles)
    sizes = {place: len(part.markup.encode()) for place, part in parts.items()}
    for place in sorted(sizes, key=lambda place: -sizes[place]):
        if excess <= 0:
            break
        note = _note(parts[place].source)
        shorter[place[0]] = _with_note(shorter[place[0]], place, note)
        excess -= sizes[place] - len(note.encode())
    return shorter


def _note(source: str | None) -> Markup:
    """What stands in place of a part: where else its content is."""
    where = "the Markdown report has it" if source is None else "it is in "
    file = EMPTY if source is None else element("code", escape(source))
    text = f"Left out, so that this page stays below {MOST_BYTES // 1_000_000} MB: {where}"
    return element("p", content(text), file, Markup("."), class_="note")


def _with_note(article: Article, place: Place, note: Markup) -> Article:
    _, number, index = place
    blocks = list(article.blocks)
    parts = list(blocks[number].parts)
    parts[index] = replace(parts[index], markup=note, source=None)
    blocks[number] = replace(blocks[number], parts=tuple(parts))
    return replace(article, blocks=tuple(blocks))
