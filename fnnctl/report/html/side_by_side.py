"""The first article of a page on several runs: their first scores in one table, and the gates' results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    scores = block("Scores side by side", table(*_columns(summaries), texts=(0, 1, 2), label="Scores"))
    lead = element("p", content(f"{counted(len(summaries), 'run')}, in the order of the command."))
    return Article("All runs", lead, (*first, scores))


def _columns(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    answers = [answer(summary) for summary in summaries]
    labels = list(dict.fromkeys(score.label for each in answers for score in each.scores))
    header = ["run", "status", "measured on"]
    for label in labels:
        header += [label, "95 % interval"]
    rows = []
    for each in answers:
        known = {score.label: score for score in each.scores}
        cells: Iterator[str] = (
            text
            for label in labels
            for text in (
                number(known[label].value if label in known else None),
                interval_text(known[label]) if label in known else NOTHING,
            )
        )
        rows.append([f"{each.name} ({each.path.name})", each.status, each.measured or NOTHING, *cells])
    with_values = [
        place for place in range(len(header)) if place < 3 or any(row[place] != NOTHING for row in rows)
    ]
    return [header[place] for place in with_values], [[row[place] for place in with_values] for row in rows]
