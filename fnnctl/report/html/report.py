"""The report on runs as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.report.content import gate_table
from fnnctl.report.gates.results import GateResult
from fnnctl.report.html.blocks import Article
from fnnctl.report.html.markup import EMPTY
from fnnctl.report.html.page import page
from fnnctl.report.html.run_page import run_article
from fnnctl.report.html.sections import section_block
from fnnctl.report.summary import Summary


def html_report(summaries: Sequence[Summary], results: Sequence[GateResult], relative_to: Path) -> str:
    """The page on the runs, with the gates' results first. It has no links to files, so it can be sent."""
    gates = [section_block(gate_table(results))] if results else []
    several = len(summaries) > 1
    articles = [
        run_article(summary, f"run{number}", first=() if several else gates)
        for number, summary in enumerate(summaries, start=1)
    ]
    if several and gates:
        articles.insert(0, Article("Gates", EMPTY, tuple(gates)))
    title = ", ".join(dict.fromkeys(summary.manifest.name for summary in summaries))
    return page(f"{title}: report", articles, footer=_footer(summaries))


def _footer(summaries: Sequence[Summary]) -> str:
    versions = dict.fromkeys(f"fnnctl {each.manifest.fnnctl}" for each in summaries if each.manifest.fnnctl)
    return f"Made by {', '.join(versions) or 'fnnctl'}; this page needs no network connection."
