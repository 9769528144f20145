"""The sections of a report as blocks of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fnnctl.report import sections as kinds
from fnnctl.report.html.markup import (
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
from fnnctl.report.html.page import Block, Part, block
from fnnctl.report.html.scores import tiles
from fnnctl.report.sections import Section, TableSection, command_lines


def section_block(section: Section, *, look: str = "block") -> Block:
    """The section below its title."""
    return block(section.title, section_body(section), look=look)


def heading_block(heading: str, look: str, sections: Sequence[Section], figures: Sequence[Part]) -> Block:
    """The figures and sections below one heading; each section has its own title, unless it says the same."""
    if look == "summary":
        first = (kinds.Scores, kinds.Notes, kinds.DefinitionList)
        sections = sorted(
            sections, key=lambda section: [isinstance(section, kind) for kind in first], reverse=True
        )
        return block(heading, *map(section_body, sections), look=look)
    parts = (_part(section, heading, is_wide=look == "figures") for section in sections)
    return Block(heading, (*figures, *parts), look)


def _part(section: Section, heading: str, *, is_wide: bool) -> Part:
    """A section; sentences below figures are as wide as the page."""
    title = None if section.title == heading else section.title
    body = section_body(section)
    if is_wide and isinstance(section, kinds.Notes):
        body = element("div", body, class_="wide")
    return Part(body, title=title)


def section_body(section: Section) -> Markup:
    """The section without its title."""
    match section:
        case TableSection():
            rows = table(section.header, section.rows, texts=section.texts, label=section.title)
            return Markup(rows + (notes(section.notes) if section.notes else ""))
        case kinds.Scores():
            return tiles(section.rows, section.measured)
        case kinds.DefinitionList():
            return definitions((name, _value(text)) for name, text in section.rows)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            return notes(section.rows)
        case kinds.Command():
            return code(command_lines(section))
        case kinds.Excerpt():
            return code(section.rows)
        case kinds.FileList():
            return listed(
                Markup(f"{element('code', escape(name))}: {content(description)}")
                for name, description in section.rows
            )


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
