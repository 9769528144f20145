"""The description of a table in every format."""

from __future__ import annotations

from rich.console import RenderableType

from fnnctl.report.description.content import (
    LONGEST_NAME,
    Description,
    description_json,
    description_sections,
)
from fnnctl.report.formats.markdown import escape, markdown_section
from fnnctl.report.formats.registry import HTML, JSON
from fnnctl.report.formats.terminal import document
from fnnctl.report.html.document import html_document
from fnnctl.store.documents import to_json

LEAST_NAME, BESIDE_NAMES = 24, 72
"""The width for names in a narrow terminal, and what the other columns need."""


def terminal_description(description: Description, *, width: int | None = None) -> RenderableType:
    """For a terminal of this width; without one, names are as long as they are."""
    title = description.facts.source.file
    names = LONGEST_NAME if width is None else max(LEAST_NAME, width - BESIDE_NAMES)
    return document(title, description.headline, description_sections(description, names), width)


def text_description(description: Description, format_: str) -> str:
    """As JSON, HTML or Markdown."""
    if format_ == JSON:
        return to_json(description_json(description))
    sections = description_sections(description)
    if format_ == HTML:
        return html_document(description.facts.source.file, description.headline, sections)
    blocks = [f"# {escape(description.facts.source.file)}", escape(description.headline)]
    blocks += [block for section in sections for block in markdown_section(section)]
    return "\n\n".join(blocks) + "\n"
