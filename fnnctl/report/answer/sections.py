"""The answer of a run as sections, which every format can show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.report.answer.values import Answer, ConfusedPair, Score, WorstGroup
from fnnctl.report.sections import Command, Section, TableSection
from fnnctl.report.topics.examples import WorstExamples
from fnnctl.report.words import NOTHING, number
from fnnctl.text import capitalized


def command_sections(answer: Answer) -> list[Section]:
    """What to do next, one section per command."""
    return [Command(capitalized(each.purpose), (each.command,)) for each in answer.commands]


def score_table(answer: Answer) -> TableSection:
    """One row per metric."""
    rows = (
        (score.label, number(score.value), interval_text(score), number(score.baseline))
        for score in answer.scores
    )
    return TableSection(
        "How good it is", (answer.measured, "value", "95 % interval", "baseline"), tuple(rows)
    )


def interval_text(score: Score) -> str:
    """The interval of a score; a dash if there is none."""
    return number(list(score.interval)) if score.interval else NOTHING


def worst_table(answer: Answer) -> TableSection:
    """One row per group, with the classes with which it is confused, if there is a confusion matrix."""
    has_pairs = any(group.predicted_as or group.predicted_for for group in answer.worst)
    rows = (
        (
            group.name,
            *(number(value) for _, value in group.metrics),
            *([_predicted_as(group), _predicted_for(group)] if has_pairs else []),
        )
        for group in answer.worst
    )
    labels = tuple(label for label, _ in answer.worst[0].metrics) if answer.worst else ()
    pairs = ("most often taken for", "most often taken for it") if has_pairs else ()
    title = f"What goes wrong: the lowest {labels[0] if labels else ''}"
    if has_pairs and answer.repeats > 1:
        title += f"; in parentheses, rows of {answer.repeats:,} repeats"
    texts = (0, *range(1 + len(labels), 1 + len(labels) + len(pairs)))
    return TableSection(title, (answer.group, *labels, *pairs), tuple(rows), texts=texts)


def pairs_table(answer: Answer) -> TableSection:
    """One row per confused pair."""
    rows = ((each.true, each.predicted, number(each.rows), f"{each.share:.1%}") for each in answer.confused)
    title = "What is confused most often"
    if answer.pairs > len(answer.confused):
        title += f": {len(answer.confused):,} of {answer.pairs:,} pairs"
    counts = "rows" if answer.repeats == 1 else f"rows of {answer.repeats:,} repeats"
    return TableSection(title, ("true", "predicted", counts, "share of true"), tuple(rows), texts=(0, 1))


def examples_table(examples: WorstExamples, *, relative_to: Path) -> TableSection:
    """One row per example; rows are numbered as in predictions.csv."""
    file = examples.file.relative_to(relative_to)
    if any(each.residual is not None for each in examples.rows):
        rows = tuple(
            (str(each.row), _amount(each.true), _amount(each.predicted), number(each.residual))
            for each in examples.rows
        )
        title = f"The largest residuals; row numbers as in {file}, from 0"
        return TableSection(title, ("row", "target", "prediction", "residual"), rows, texts=())
    rows = tuple(
        (str(each.row), each.true, each.predicted, number(each.probability)) for each in examples.rows
    )
    title = f"Most confidently wrong; row numbers as in {file}, from 0"
    return TableSection(title, ("row", "true", "predicted", "its probability"), rows, texts=(1, 2))


def predicted_column(worst: Sequence[WorstGroup]) -> list[str]:
    """For short tables, a header and what most errors of each group are; empty if that is not known."""
    words = [predicted_words(group) for group in worst]
    return [] if set(words) == {NOTHING} else ["most frequent error", *words]


def predicted_words(group: WorstGroup) -> str:
    """What most errors of a class are: its rows taken for another class, or another's rows taken for it.

    The share is that of the rows of the true class.
    """
    as_other, for_other = group.predicted_as, group.predicted_for
    if for_other and (as_other is None or for_other.rows > as_other.rows):
        return f"{_share(for_other)} of {for_other.true} taken for it"
    return f"{_share(as_other)} taken for {as_other.predicted}" if as_other else NOTHING


def _share(pair: ConfusedPair) -> str:
    """In percent; a share that is rounded to 0 is not 0."""
    return f"{pair.share:.0%}" if pair.share >= 0.005 else "<1%"


def _predicted_as(group: WorstGroup) -> str:
    pair = group.predicted_as
    return f"{pair.predicted} ({pair.rows:,})" if pair else NOTHING


def _predicted_for(group: WorstGroup) -> str:
    pair = group.predicted_for
    return f"{pair.true} ({pair.rows:,})" if pair else NOTHING


def _amount(text: str) -> str:
    return number(float(text))
