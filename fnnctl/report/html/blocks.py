"""The sections of a document as sections of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fnnctl.report import blocks as kinds
from fnnctl.report.blocks import Block, Table, command_lines
from fnnctl.report.document import Section
from fnnctl.report.html.figures import figure_part
from fnnctl.report.html.markup import (
    EMPTY,
    Markup,
    code,
    content,
    definitions,
    element,
    escape,
    join_markup,
    listed,
    table,
)
from fnnctl.report.html.page import PageSection, Part
from fnnctl.report.html.scores import tiles

UNTITLED: Final[tuple[type[Block], ...]] = (kinds.Scores, kinds.Notes, kinds.Facts)
"""What a summary begins with, in this order; it needs no titles."""


def page_section(section: Section, prefix: str) -> PageSection:
    """The section; `prefix` is the start of its figures' identifiers. It has no parts if nothing is drawn."""
    return PageSection(section.heading, tuple(_parts(section, prefix)), section.look)


def _parts(section: Section, prefix: str) -> Iterator[Part]:
    """The blocks, each below its own title unless that says the same as the heading."""
    blocks = section.blocks
    is_summary = section.look == "summary"
    if is_summary:
        blocks = tuple(
            sorted(blocks, key=lambda block: [isinstance(block, kind) for kind in UNTITLED], reverse=True)
        )
    for block in blocks:
        if isinstance(block, kinds.Figure):
            if (part := figure_part(block, prefix)) is not None:
                yield part
            continue
        body = block_body(block)
        if section.look == "figures" and isinstance(block, kinds.Notes):  # as wide as the page
            body = element("div", body, class_="wide")
        is_titled = block.title != section.heading and not (is_summary and isinstance(block, UNTITLED))
        yield Part(body, title=block.title if is_titled else None)


def block_body(block: Block) -> Markup:
    """The block without its title; a figure needs a page."""
    match block:
        case Table():
            rows = table(block.header, block.rows, texts=block.texts, label=block.title)
            return Markup(rows + (notes(block.notes) if block.notes else ""))
        case kinds.Scores():
            return tiles(block.rows, block.measured)
        case kinds.Facts():
            return definitions((name, _value(text)) for name, text in block.rows)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            return notes(block.rows)
        case kinds.Command():
            return code(command_lines(block))
        case kinds.Excerpt():
            return code(block.rows)
        case kinds.Files():
            return listed(
                Markup(f"{element('code', escape(name))}: {content(description)}")
                for name, description in block.rows
            )
        case kinds.Figure():
            return EMPTY


def notes(sentences: tuple[str, ...]) -> Markup:
    """One sentence as a paragraph, several as a list."""
    if len(sentences) == 1:
        return element("p", content(sentences[0]))
    return listed(map(content, sentences))


def _value(text: str) -> Markup:
    """A text; if empty lines separate paragraphs, these."""
    first, *more = re.split(r"\n\s*\n", text.strip())
    return (
        join_markup(element("p", content(paragraph)) for paragraph in (first, *more))
        if more
        else content(first)
    )
