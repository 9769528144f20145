"""The report on runs as one HTML file: an article per run and, before several, one that compares them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.sections import interval_text
from fnnctl.report.answer.values import Answer
from fnnctl.report.content import gate_table
from fnnctl.report.gates import GateResult
from fnnctl.report.html.markup import Markup, content, element, table
from fnnctl.report.html.page import Article, Block, block, page
from fnnctl.report.html.run_page import run_article
from fnnctl.report.html.sections import section_block
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING, number
from fnnctl.text import counted


def side_by_side(answers: Sequence[Answer], first: Sequence[Block]) -> Article:
    """One row per run; the blocks `first`, such as the gates' results, come before."""
    alike: dict[str, list[Answer]] = {}
    for each in answers:
        alike.setdefault(each.scores[0].label if each.scores else "", []).append(each)
    several = {each.name for each in answers if sum(other.name == each.name for other in answers) > 1}
    tables = [_table(of_task, several) for of_task in alike.values()]
    lead = element("p", content(f"{counted(len(answers), 'run')}, in the order of the command."))
    return Article("All runs", lead, (*first, block("Scores side by side", *tables)))


def _table(answers: Sequence[Answer], several: Collection[str]) -> Markup:
    """Runs with the same metrics; a name that `several` runs have is followed by the run's folder."""
    names = (each.name + (f" ({each.path.name})" if each.name in several else "") for each in answers)
    columns = [("run", [*names])]
    for label in dict.fromkeys(score.label for each in answers for score in each.scores):
        found = [next((score for score in each.scores if score.label == label), None) for each in answers]
        columns.append((label, [number(score and score.value) for score in found]))
        intervals = [interval_text(score) if score else NOTHING for score in found]
        if {*intervals} != {NOTHING}:
            columns.append(("95 % interval", intervals))
    columns.append(("measured on", [each.measured or NOTHING for each in answers]))
    columns.append(("status", [each.status for each in answers]))
    header, rows = [name for name, _ in columns], zip(*(cells for _, cells in columns), strict=True)
    return table(header, rows, texts=(0, len(header) - 2, len(header) - 1), label="Scores")


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
