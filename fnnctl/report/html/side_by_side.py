"""The first article of a page on several runs: their first scores in one table, and the gates' results."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.sections import interval_text
from fnnctl.report.html.blocks import Article, Block, block
from fnnctl.report.html.markup import content, element
from fnnctl.report.html.tables import table
from fnnctl.report.sections import NOTHING, number
from fnnctl.report.summary import Summary
from fnnctl.text import counted


def side_by_side(summaries: Sequence[Summary], first: Sequence[Block]) -> Article:
    """One row per run; the blocks `first`, such as the gates' results, come before."""
    header, rows = _columns(summaries)
    texts = (0, len(header) - 2, len(header) - 1)
    scores = block("Scores side by side", table(header, rows, texts=texts, label="Scores"))
    lead = element("p", content(f"{counted(len(summaries), 'run')}, in the order of the command."))
    return Article("All runs", lead, (*first, scores))


def _columns(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """The header and the rows; metrics and intervals that no run has are left out."""
    answers = [answer(summary) for summary in summaries]
    columns = [("run", [f"{each.name} ({each.path.name})" for each in answers])]
    for label in dict.fromkeys(score.label for each in answers for score in each.scores):
        found = [next((score for score in each.scores if score.label == label), None) for each in answers]
        columns.append((label, [number(score and score.value) for score in found]))
        intervals = [interval_text(score) if score else NOTHING for score in found]
        if {*intervals} != {NOTHING}:
            columns.append(("95 % interval", intervals))
    columns.append(("measured on", [each.measured or NOTHING for each in answers]))
    columns.append(("status", [each.status for each in answers]))
    rows = [list(row) for row in zip(*(cells for _, cells in columns), strict=True)]
    return [name for name, _ in columns], rows
