"""A page of sections alone, for reports that are not about runs."""

from __future__ import annotations

from collections.abc import Iterable

from fnnctl.report.html.blocks import Article
from fnnctl.report.html.markup import content, element
from fnnctl.report.html.page import page
from fnnctl.report.html.sections import section_block
from fnnctl.report.sections import Section


def html_document(title: str, headline: str, sections: Iterable[Section]) -> str:
    """The sections below a title and a line."""
    blocks = tuple(map(section_block, sections))
    return page(title, [Article(title, element("p", content(headline)), blocks)])
