"""The first article of a page on several runs: their first scores in one table, and the gates' results."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fnnctl.report.answer.sections import interval_text
from fnnctl.report.answer.values import Answer
from fnnctl.report.html.blocks import Article, Block, block
from fnnctl.report.html.markup import Markup, content, element
from fnnctl.report.html.tables import table
from fnnctl.report.sections import NOTHING, number
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
