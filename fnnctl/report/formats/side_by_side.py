"""Several runs side by side, as the short reports show them: one row per run, and where the rest is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from fnnctl.report.answer.sections import interval_text
from fnnctl.report.answer.values import Answer, NextCommand
from fnnctl.report.sections import TableSection
from fnnctl.report.words import NOTHING, number
from fnnctl.text import joined_words

MOST_NAMED: Final = 3
"""Commands that name more runs than this are too long to be read."""


def runs_tables(answers: Sequence[Answer]) -> list[TableSection]:
    """One table per kind of first metric, as those of different tasks cannot be compared.

    Its rows have the run's number, from 1, in the order of `answers`. A run without scores has its status in
    place of where it was measured.
    """
    numbered = list(enumerate(answers, start=1))
    labels = list(dict.fromkeys(_first_label(each) for each in answers if each.scores)) or [""]
    tables = []
    for place, label in enumerate(labels):
        own = [
            (position, each)
            for position, each in numbered
            if (_first_label(each) == label if each.scores else place == 0)
        ]
        header = ("", "name", "measured on", label or "score", "95 % interval", "baseline")
        tables.append(TableSection("Runs", header, tuple(_rows(own)), texts=(0, 1, 2)))
    return tables


def commands_of_several(answers: Sequence[Answer]) -> list[NextCommand]:
    """What shows the rest, and what compares the runs with statistics."""
    if len(answers) > MOST_NAMED:
        return [NextCommand("more of one of them", "fnnctl report RUN")]
    paths = " ".join(shlex.quote(str(each.path)) for each in answers)
    found = [NextCommand("everything, run by run", f"fnnctl report {paths} --verbose")]
    if all(each.scores for each in answers):
        found.append(NextCommand("whether they differ", f"fnnctl compare {paths}"))
    return found


def warned_runs(answers: Sequence[Answer]) -> list[str]:
    """A sentence that names the runs with warnings, by their numbers; none if there are none."""
    numbers = [f"{place}" for place, answer in enumerate(answers, start=1) if answer.warnings]
    if not numbers:
        return []
    runs, have = ("Run", "has") if len(numbers) == 1 else ("Runs", "have")
    return [f"{runs} {joined_words(numbers)} {have} warnings."]


def _rows(numbered: Iterable[tuple[int, Answer]]) -> Iterable[tuple[str, ...]]:
    for position, each in numbered:
        if each.scores:
            first = each.scores[0]
            scores = (number(first.value), interval_text(first), number(first.baseline))
        else:
            scores = (NOTHING, NOTHING, NOTHING)
        yield f"{position}", each.name, each.measured or each.status, *scores


def _first_label(answer: Answer) -> str:
    return answer.scores[0].label if answer.scores else ""
