"""The short report as GitHub Markdown, for the page of a CI job: one heading, and about 30 lines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fnnctl.report.answer.sections import predicted_column, score_table
from fnnctl.report.answer.values import Answer
from fnnctl.report.content import gate_table
from fnnctl.report.formats.fitting import fit_name, fit_sentence
from fnnctl.report.formats.markdown import escape, item, link, table
from fnnctl.report.formats.side_by_side import runs_tables, warned_runs
from fnnctl.report.gates import GateResult
from fnnctl.report.sections import TableSection
from fnnctl.report.words import number
from fnnctl.text import capitalized, counted

NAME_WIDTH: Final = 60
SENTENCE_WIDTH: Final = 200


def short_markdown_report(answers: Sequence[Answer], results: Sequence[GateResult], relative_to: Path) -> str:
    """A short report on one run or, in one table, on several; links are relative to `relative_to`."""
    blocks = (
        _run(answers[0], results, relative_to) if len(answers) == 1 else _runs(answers, results, relative_to)
    )
    return "\n\n".join(blocks) + "\n"


def _run(answer: Answer, results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    yield f"# {_name(answer)}: {answer.status}{_verdict(results)}"
    if answer.failure:
        yield escape(fit_sentence(answer.failure, SENTENCE_WIDTH))
    if answer.scores:
        yield _table(score_table(answer))
    if results:
        yield from _gates(results)
    if answer.certainty:
        yield " ".join(map(escape, answer.certainty))
    if answer.worst:
        yield _table(_worst(answer))
    if answer.warnings:
        yield "\n".join(_warnings(answer.warnings))
    for section in answer.importance:
        if isinstance(section, TableSection):
            yield f"**{escape(section.title)}**"
            yield _table(section)
    yield _rest(answer, relative_to)


def _runs(answers: Sequence[Answer], results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    yield f"# {counted(len(answers), 'run')}{_verdict(results)}"
    for each in runs_tables(answers):
        rows = tuple((row[0], fit_name(row[1], NAME_WIDTH), *row[2:]) for row in each.rows)
        yield _table(TableSection(each.title, each.header, rows, texts=each.texts))
    if results:
        yield from _gates(results)
    yield from warned_runs(answers)
    yield "\n".join(f"{place}. {_folder(each, relative_to)}" for place, each in enumerate(answers, start=1))


def _verdict(results: Sequence[GateResult]) -> str:
    """For the heading: how many gates were missed; empty without gates."""
    if not results:
        return ""
    missed = sum(not result.passed for result in results)
    return f", {missed:,} of {counted(len(results), 'gate')} missed" if missed else ", all gates passed"


def _gates(results: Sequence[GateResult]) -> Iterator[str]:
    section = gate_table(results)
    yield _table(section)
    yield from map(escape, section.notes)


def _worst(answer: Answer) -> TableSection:
    """The groups of `answer.worst`, with what most of their errors are."""
    labels = tuple(label for label, _ in answer.worst[0].metrics)
    others = predicted_column(answer.worst)
    header = (f"lowest {labels[0]}", *labels, *others[:1])
    rows = (
        (
            fit_name(group.name, NAME_WIDTH),
            *(number(value) for _, value in group.metrics),
            *(fit_name(other, NAME_WIDTH) for other in others[place : place + 1]),
        )
        for place, group in enumerate(answer.worst, start=1)
    )
    return TableSection("Worst", header, tuple(rows), texts=(0, len(labels) + 1))


def _warnings(warnings: Sequence[str]) -> Iterator[str]:
    for warning in warnings:
        yield item(f"warning: {warning}")


def _rest(answer: Answer, relative_to: Path) -> str:
    return f"{escape(capitalized(answer.when))}, in {_folder(answer, relative_to)}"


def _folder(answer: Answer, relative_to: Path) -> str:
    return link(str(answer.path), Path(os.path.relpath(answer.path, relative_to)))


def _name(answer: Answer) -> str:
    return escape(fit_name(answer.name, NAME_WIDTH))


def _table(section: TableSection) -> str:
    return table(section.header, section.rows, texts=section.texts)
