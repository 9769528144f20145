"""Several runs side by side, as the short reports show them: one row per run, and where the rest is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from fnnctl.report.document import Document
from fnnctl.report.sections import Command, TableSection
from fnnctl.report.words import NOTHING, number
from fnnctl.text import joined_words

MAX_NAMED: Final = 3
"""Commands that name more runs than this are too long to be read."""


def runs_tables(documents: Sequence[Document]) -> list[TableSection]:
    """One table per kind of first metric, as those of different tasks cannot be compared.

    Its rows have the run's number, from 1, in the order of the documents. A run without scores has its status
    in place of where it was measured.
    """
    labels = [document.scores.rows[0].label if document.scores else "" for document in documents]
    metrics = list(dict.fromkeys(filter(None, labels))) or [""]
    tables = []
    for index, label in enumerate(metrics):
        group = {label} if index else {label, ""}
        rows = tuple(
            _row(position, document)
            for position, (document, first_label) in enumerate(zip(documents, labels, strict=True), start=1)
            if first_label in group
        )
        header = ("", "name", "measured on", label or "score", "95 % interval", "baseline")
        tables.append(TableSection("Runs", header, rows, texts=(0, 1, 2)))
    return tables


def _row(position: int, document: Document) -> tuple[str, ...]:
    if document.scores is None:
        return (f"{position}", document.name, document.status, NOTHING, NOTHING, NOTHING)
    first = document.scores.rows[0]
    cells = (number(first.value), first.interval_text, number(first.baseline))
    return (f"{position}", document.name, document.scores.measured, *cells)


def commands_of_several(documents: Sequence[Document]) -> Iterator[Command]:
    """What shows the rest, and what compares the runs with statistics."""
    if len(documents) > MAX_NAMED:
        yield Command("More of one of them", ("fnnctl report RUN",))
        return
    paths = " ".join(shlex.quote(str(document.path)) for document in documents)
    yield Command("Everything, run by run", (f"fnnctl report {paths} --verbose",))
    if all(document.scores for document in documents):
        yield Command("Whether they differ", (f"fnnctl compare {paths}",))


def warned_runs(documents: Sequence[Document]) -> list[str]:
    """A sentence that names the runs with warnings, by their numbers; none if there are none."""
    numbers = [f"{position}" for position, document in enumerate(documents, start=1) if document.warnings]
    if not numbers:
        return []
    runs, have = ("Run", "has") if len(numbers) == 1 else ("Runs", "have")
    return [f"{runs} {joined_words(numbers)} {have} warnings."]
