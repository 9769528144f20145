"""Several runs side by side: one row per run with the same metrics, and where the rest is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from fnnctl.report.blocks import Command, Score, Table
from fnnctl.report.document import Document
from fnnctl.report.words import NOTHING, number
from fnnctl.text import joined_words

MAX_NAMED: Final = 3
"""Commands that name more runs than this are too long to be read."""


def runs_tables(documents: Sequence[Document], *, with_intervals: bool = True) -> list[Table]:
    """One table of all runs; runs without a common metric, as those of other tasks, have tables of their own.

    A row has the run's number, from 1, in the order of the documents, and a value of each metric that is
    among the first ones of any run, with its interval if it has one. The header of the names says where the
    runs were measured, if that is the same for all. A run without scores has its status there.
    """
    return [_table(documents, positions, with_intervals) for positions in _comparable(documents)]


def _comparable(documents: Sequence[Document]) -> list[list[int]]:
    """The positions of the runs of each table; runs without scores are in the first one."""
    tables: dict[tuple[str, ...], list[int]] = {}
    for position, document in enumerate(documents):
        labels = _labels([document])
        shared = next((known for known in tables if {*known} & {*labels}), None) if labels else None
        tables.setdefault(shared or labels, []).append(position)
    unscored = tables.pop((), [])
    first, *others = tables.values() if tables else ([],)
    return [sorted([*first, *unscored]), *others]


def _labels(documents: Sequence[Document]) -> tuple[str, ...]:
    """The first metrics of the runs; a search's objective comes first in its own report alone."""
    ordered = sorted(
        documents, key=lambda document: document.run is not None and document.run.kind == "search"
    )
    labels = (score.label for document in ordered if document.scores for score in document.scores.rows)
    return tuple(dict.fromkeys(labels))


def _table(documents: Sequence[Document], positions: Sequence[int], with_intervals: bool) -> Table:
    selected_documents = [documents[position] for position in positions]
    labels = _labels(selected_documents)
    scores = [_by_label(document) for document in selected_documents]
    columns = [tuple(_cell(of_run.get(label), with_intervals) for of_run in scores) for label in labels]
    measured = [
        document.scores.measured if document.scores else document.run.status if document.run else NOTHING
        for document in selected_documents
    ]
    header: tuple[str, ...] = ("", measured[0])
    texts = [
        tuple(f"{position + 1}" for position in positions),
        tuple(document.title for document in selected_documents),
    ]
    if len({*measured}) > 1:
        header = ("", "name", "measured on")
        texts.append(tuple(measured))
    rows = zip(*texts, *columns, strict=True)
    return Table("Runs", (*header, *labels), tuple(rows), texts=tuple(range(len(texts))))


def _by_label(document: Document) -> dict[str, Score]:
    if document.scores is None:
        return {}
    return {score.label: score for score in (*document.scores.rows, *document.scores.others)}


def _cell(score: Score | None, with_interval: bool) -> str:
    if score is None:
        return NOTHING
    interval = f" ({score.interval_text})" if with_interval and score.interval else ""
    return f"{number(score.value)}{interval}"


def commands_of_several(documents: Sequence[Document]) -> Iterator[Command]:
    """What shows the rest, and what compares the runs with statistics."""
    if len(documents) > MAX_NAMED:
        yield Command("More of one of them", ("fnnctl report RUN",))
        return
    paths = " ".join(shlex.quote(str(document.run.path)) for document in documents if document.run)
    yield Command("Everything, run by run", (f"fnnctl report {paths} --verbose",))
    if all(document.scores for document in documents) and len(_comparable(documents)) == 1:
        yield Command("Whether they differ", (f"fnnctl compare {paths}",))


def warned_runs(documents: Sequence[Document]) -> list[str]:
    """A sentence that names the runs with warnings, by their numbers; none if there are none."""
    numbers = [f"{position}" for position, document in enumerate(documents, start=1) if document.warnings]
    if not numbers:
        return []
    runs, have = ("Run", "has") if len(numbers) == 1 else ("Runs", "have")
    return [f"{runs} {joined_words(numbers)} {have} warnings."]
