"""A report that is not about a single run, such as the description of a table, in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType

from fnnctl.report.formats.markdown import escape, markdown_section
from fnnctl.report.formats.registry import HTML, JSON
from fnnctl.report.formats.terminal import titled_sections
from fnnctl.report.html.markup import content, element
from fnnctl.report.html.page import Article, Block, page
from fnnctl.report.html.sections import section_block
from fnnctl.report.sections import Section
from fnnctl.store.documents import to_json


@dataclass(frozen=True, slots=True)
class PlainReport:
    """A title, a line below it, sections, and a JSON object."""

    title: str
    headline: str
    sections: Callable[[int | None], Iterable[Section]]
    """Those for a terminal of this width; without one, for the other formats."""
    to_dict: Callable[[], Mapping[str, Any]]
    """The JSON object."""
    blocks: Callable[[], Iterable[Block]] | None = None
    """The blocks of the page, if they are not one per section."""
    page_title: str = ""
    """The title of the page's window, if it is another one."""
    footer: str = ""

    def terminal(self, width: int | None) -> RenderableType:
        """The report as text for a terminal with this many columns."""
        return titled_sections(self.title, self.headline, self.sections(width), width)

    def text(self, format_: str) -> str:
        """As JSON, HTML or Markdown."""
        if format_ == JSON:
            return to_json(self.to_dict())
        if format_ == HTML:
            blocks = self.blocks() if self.blocks else map(section_block, self.sections(None))
            article = Article(self.title, element("p", content(self.headline)), tuple(blocks))
            return page(self.page_title or self.title, [article], footer=self.footer)
        texts = [f"# {escape(self.title)}", escape(self.headline)]
        texts += [text for section in self.sections(None) for text in markdown_section(section)]
        return "\n\n".join(texts) + "\n"
