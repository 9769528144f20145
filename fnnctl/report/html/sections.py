"""The sections that every format shows, as blocks of a page; and a page of sections alone."""

from __future__ import annotations

from collections.abc import Iterable

from fnnctl.report.html.markup import Markup, code, content, element, escape, listed, pairs, table
from fnnctl.report.html.page import Article, Block, Part, block, page
from fnnctl.report.sections import (
    Command,
    Excerpt,
    FactList,
    FileList,
    Notes,
    Section,
    TableSection,
    command_lines,
)


def section_block(section: Section, *, look: str = "block") -> Block:
    """The section below its title."""
    return block(section.title, section_body(section), look=look)


def grouped(title: str, sections: Iterable[Section], *, look: str = "block") -> Block:
    """The sections that are not empty below one heading, each under its own."""
    parts = (Part(section_body(section), title=section.title) for section in sections if section.rows)
    return Block(title, tuple(parts), look)


def section_body(section: Section) -> Markup:
    """The section without its title."""
    match section:
        case TableSection():
            rows = table(section.header, section.rows, texts=section.texts, label=section.title)
            return Markup(rows + (notes(section.notes) if section.notes else ""))
        case FactList():
            return pairs(section.rows)
        case Notes():
            return notes(section.rows)
        case Command():
            return code(command_lines(section))
        case Excerpt():
            return code(section.rows)
        case FileList():
            return listed(
                Markup(f"{element('code', escape(name))}: {content(what)}") for name, what in section.rows
            )


def notes(sentences: tuple[str, ...]) -> Markup:
    """One sentence as a paragraph, several as a list."""
    if len(sentences) == 1:
        return element("p", content(sentences[0]))
    return listed(map(content, sentences))


def html_document(title: str, headline: str, sections: Iterable[Section]) -> str:
    """The sections below a title and a line."""
    blocks = tuple(map(section_block, sections))
    return page(title, [Article(title, element("p", content(headline)), blocks)])
