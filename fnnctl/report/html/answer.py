"""The first block of a run's page: how good it is, against what, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.report.answer.sections import (
    command_sections,
    examples_table,
    interval_text,
    pairs_table,
    worst_table,
)
from fnnctl.report.answer.values import Answer, Score
from fnnctl.report.html.markup import EMPTY, Markup, content, element, joined, pairs
from fnnctl.report.html.page import Block, block
from fnnctl.report.html.sections import grouped, notes
from fnnctl.report.sections import Section
from fnnctl.report.topics.examples import WorstExamples
from fnnctl.report.words import number
from fnnctl.text import capitalized

MOST_TILES: Final = 4
WRONG: Final = "What goes wrong"
_OF_REPORTS: Final = "fnnctl report "
"""The page needs no command that shows it."""


def answer_blocks(answer: Answer, examples: WorstExamples | None) -> Iterator[Block]:
    """What is said first; blocks without content are absent."""
    if answer.failure:
        yield block(
            "Why it did not complete",
            element("p", content(answer.failure)),
            look="failure" if answer.status == "failed" else "warning",
        )
    if answer.scores or answer.facts:
        parts = (tiles(answer.scores, answer.measured), notes(answer.certainty), pairs(answer.facts))
        yield block("The answer" if answer.scores else "What was run", *parts, look="answer")
    if answer.warnings:
        yield block("Warnings", notes(answer.warnings), look="warning")
    worst = worst_table(answer)
    wrong: list[Section] = [replace(worst, title=_without_repetition(worst.title)), pairs_table(answer)]
    if examples is not None:
        wrong.append(examples_table(examples, relative_to=answer.path))
    if any(section.rows for section in wrong):
        yield grouped(WRONG, wrong, look="columns")


def command_block(answer: Answer) -> Iterator[Block]:
    """What to do next; none if there is nothing but to look at the run."""
    commands = tuple(each for each in answer.commands if not each.command.startswith(_OF_REPORTS))
    if commands:
        yield grouped("Repeat and continue", command_sections(replace(answer, commands=commands)))


def _without_repetition(title: str) -> str:
    """The title below the heading `WRONG`."""
    return capitalized(title.removeprefix(f"{WRONG}: "))


def tiles(scores: Sequence[Score], measured: str) -> Markup:
    """The first scores, each with its interval and baseline drawn on a line."""
    if not scores:
        return EMPTY
    shown = (_tile(score, measured) for score in scores[:MOST_TILES])
    return element("div", *shown, class_="tiles")


def _tile(score: Score, measured: str) -> Markup:
    head = element("p", content(score.label), element("small", content(f" {measured}")), class_="name")
    value = element("p", content(number(score.value)), class_="value")
    facts = [f"95 % interval {interval_text(score)}"] if score.interval else []
    if score.baseline is not None:
        facts.append(f"baseline {number(score.baseline)}")
    words = element("p", content("; ".join(facts) or "no interval"), class_="note")
    return element("div", head, value, _line(score), words, class_="tile")


@dataclass(frozen=True, slots=True)
class _Scale:
    """The ends of a line on which a score is drawn."""

    low: float
    high: float

    @classmethod
    def of(cls, score: Score) -> _Scale:
        """From 0 to the best possible value or, for a loss, to the worst one that is drawn."""
        values = [score.value, *(score.interval or ())]
        values += [] if score.baseline is None else [score.baseline]
        return cls(min(0.0, *values), max(*values, 0.0 if is_loss(score.key) else 1.0))

    def text(self, end: float) -> str:
        """An end of the line, without digits that would not be seen on it."""
        return f"{end if abs(end) > (self.high - self.low) / 1000 else 0.0:.3g}"

    def place(self, value: float) -> float:
        """In percent of the line's length."""
        return 100 * (value - self.low) / (self.high - self.low) if self.high > self.low else 50.0


def _line(score: Score) -> Markup:
    """The value as a dot, its interval as a band and the baseline as a stroke, for those who see it."""
    scale = _Scale.of(score)
    marks = []
    if score.interval:
        start, end = map(scale.place, score.interval)
        marks.append(
            element("i", class_="band", style=f"left:{start:.1f}%;width:{max(end - start, 0.5):.1f}%")
        )
    if score.baseline is not None:
        marks.append(element("i", class_="base", style=f"left:{scale.place(score.baseline):.1f}%"))
    marks.append(element("i", class_="dot", style=f"left:{scale.place(score.value):.1f}%"))
    ends = (element("span", content(scale.text(end))) for end in (scale.low, scale.high))
    return joined(
        [
            element("div", *marks, class_="line", aria_hidden="true"),
            element("div", *ends, class_="ends", aria_hidden="true"),
        ]
    )
