"""The first scores of a run as tiles, each with its interval and baseline drawn on a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fnnctl.report.blocks import Score
from fnnctl.report.html.markup import EMPTY, Markup, content, element, join_markup
from fnnctl.report.words import LARGEST, SMALLEST_DECIMAL, number

MAX_TILES: Final = 6
"""The first metrics of a task, five at most, and a search's objective."""


def tiles(scores: Sequence[Score], measured: str) -> Markup:
    """A tile per score; `measured` says where the scores were measured."""
    if not scores:
        return EMPTY
    first = [_tile(score, measured) for score in scores[:MAX_TILES]]
    return element("div", *first, class_=f"tiles of-{len(first)}")


def _tile(score: Score, measured: str) -> Markup:
    head = element("p", content(score.label), element("small", content(f" {measured}")), class_="name")
    value = element("p", content(number(score.value)), class_="value")
    parts = [f"95 % interval {score.interval_text}"] if score.interval else []
    if score.baseline is not None:
        parts.append(f"baseline {number(score.baseline)}")
    words = element("p", content("; ".join(parts) or "no interval"), class_="note")
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
        return cls(min(0.0, *values), max(*values, 0.0 if score.is_loss else 1.0))

    def text(self, end: float) -> str:
        """An end of the line, without digits that would not be seen on it."""
        rounded = f"{end if abs(end) > (self.high - self.low) / 1000 else 0.0:.3g}"
        return f"{Decimal(rounded):,f}" if SMALLEST_DECIMAL <= abs(end) < LARGEST else rounded

    def position(self, value: float) -> float:
        """In percent of the line's length."""
        return 100 * (value - self.low) / (self.high - self.low) if self.high > self.low else 50.0


def _line(score: Score) -> Markup:
    """The value as a dot, its interval as a band and the baseline as a stroke, for those who see it."""
    scale = _Scale.of(score)
    marks = []
    if score.interval:
        start, end = map(scale.position, score.interval)
        marks.append(
            element("i", class_="band", style=f"left:{start:.1f}%;width:{max(end - start, 0.5):.1f}%")
        )
    if score.baseline is not None:
        marks.append(element("i", class_="base", style=f"left:{scale.position(score.baseline):.1f}%"))
    marks.append(element("i", class_="dot", style=f"left:{scale.position(score.value):.1f}%"))
    ends = (element("span", content(scale.text(end))) for end in (scale.low, scale.high))
    return join_markup(
        [
            element("div", *marks, class_="line", aria_hidden="true"),
            element("div", *ends, class_="ends", aria_hidden="true"),
        ]
    )
