"""The report on runs as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fnnctl.report.answer.answer import answer
from fnnctl.report.content import gate_table
from fnnctl.report.gates.results import GateResult
from fnnctl.report.html.blocks import Block
from fnnctl.report.html.page import page
from fnnctl.report.html.run_page import run_article
from fnnctl.report.html.sections import section_block
from fnnctl.report.html.side_by_side import side_by_side
from fnnctl.report.summary import Summary


def html_report(summaries: Sequence[Summary], results: Sequence[GateResult], relative_to: Path) -> str:
    """The page on the runs, with the gates' results. It has no links to files, so it can be sent."""
    gates = [_gates(results)] if results else []
    several = len(summaries) > 1
    answers = [answer(summary) for summary in summaries]
    articles = [
        run_article(summary, said, f"run{number}", first=() if several else gates)
        for number, (summary, said) in enumerate(zip(summaries, answers, strict=True), start=1)
    ]
    if several:
        articles.insert(0, side_by_side(answers, gates))
    title = ", ".join(dict.fromkeys(summary.manifest.name for summary in summaries))
    return page(title if several else f"{title}: report", articles, footer=_footer(summaries))


def _gates(results: Sequence[GateResult]) -> Block:
    passed = sum(result.passed for result in results)
    block = section_block(gate_table(results), look="passed" if passed == len(results) else "failure")
    return replace(block, title=f"Gates: {passed:,} of {len(results):,} passed")


def _footer(summaries: Sequence[Summary]) -> str:
    versions = dict.fromkeys(f"fnnctl {each.manifest.fnnctl}" for each in summaries if each.manifest.fnnctl)
    return f"Made from runs of {', '.join(versions) or 'fnnctl'}. This page needs no network connection."
