"""A comparison in every format."""

from __future__ import annotations

from rich.console import RenderableType

from fnnctl.report.comparison.comparison import RunComparison
from fnnctl.report.comparison.content import comparison_json, comparison_sections, headline, title
from fnnctl.report.comparison.page import html_comparison
from fnnctl.report.formats.markdown import escape, markdown_section
from fnnctl.report.formats.registry import HTML, JSON
from fnnctl.report.formats.terminal import document
from fnnctl.store.documents import to_json


def terminal_comparison(comparison: RunComparison, *, width: int | None = None) -> RenderableType:
    """For a terminal of this width."""
    return document(title(comparison), headline(comparison), comparison_sections(comparison), width)


def text_comparison(comparison: RunComparison, format_: str) -> str:
    """As JSON, HTML or Markdown."""
    if format_ == JSON:
        return to_json(comparison_json(comparison))
    if format_ == HTML:
        return html_comparison(comparison)
    blocks = [f"# {escape(title(comparison))}", escape(headline(comparison))]
    blocks += [block for section in comparison_sections(comparison) for block in markdown_section(section)]
    return "\n\n".join(blocks) + "\n"
