"""The model card: what the network is for, where it should not be relied on, and what is known of it.

The user's words come from the config's `notes`; the rest is measured. A card that lacks words says how to add
them, because a network is passed on with its card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fnnctl.config.reading.loading import load_config
from fnnctl.config.schema.experiment import NotesConfig
from fnnctl.errors import ConfigError
from fnnctl.report.answer.sections import interval_text
from fnnctl.report.answer.values import Answer, Score
from fnnctl.report.html.markup import Markup, code, content, definitions, element, joined
from fnnctl.report.html.page import Block, block
from fnnctl.report.summary import Summary
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.store.manifest import DataFacts
from fnnctl.text import counted

_FIELDS: Final = (("intended use", "intended_use"), ("limits", "limits"), ("data", "data"))
"""Labels and names of the notes that a card should have."""


def read_notes(summary: Summary) -> NotesConfig:
    """The notes in the run's complete config; empty if it has none or cannot be read."""
    if names.RESOLVED not in summary.files:
        return NotesConfig()
    try:
        return load_config(summary.path / names.RESOLVED).experiment.notes or NotesConfig()
    except ConfigError:  # written by another version; the report is not about the config
        return NotesConfig()


def model_card(summary: Summary, answer: Answer) -> Block:
    """The card of a run's network."""
    notes = read_notes(summary)
    parts = [paragraphs(notes.text)] if notes.text else []
    parts.append(definitions([*_said(notes), *_known(summary, answer)]))
    if missing := [name for _, name in _FIELDS if getattr(notes, name) is None]:
        parts.append(element("p", content("The config's notes fill in what is not stated:"), class_="note"))
        parts.append(code(["notes:", *(f"  {name}: …" for name in missing)]))
    return block("Model card", *parts)


def paragraphs(text: str) -> Markup:
    """A text whose empty lines separate paragraphs."""
    return joined(element("p", content(each)) for each in re.split(r"\n\s*\n", text.strip()))


def _said(notes: NotesConfig) -> Iterator[tuple[str, Markup]]:
    for label, name in _FIELDS:
        text = getattr(notes, name)
        yield label, paragraphs(text) if text else element("span", content("not stated"), class_="note")


def _known(summary: Summary, answer: Answer) -> Iterator[tuple[str, Markup]]:
    if (data := summary.manifest.data) is not None:
        yield from ((label, content(text)) for label, text in _data(data))
    if answer.scores:
        scores = "; ".join(map(_score, answer.scores))
        yield f"measured: {answer.measured}", content(scores)
    if answer.worst:
        worst = answer.worst[0]
        metrics = ", ".join(f"{label} {number(value)}" for label, value in worst.metrics)
        yield f"worst {answer.group}", content(f"{worst.name}: {metrics}")
    warnings = counted(len(answer.warnings), "warning") + "; see above" if answer.warnings else "none"
    yield "warnings", content(warnings)


def _score(score: Score) -> str:
    """A score with its interval and its baseline, as far as it has them."""
    beside = [interval_text(score)] if score.interval else []
    beside += [] if score.baseline is None else [f"baseline {number(score.baseline)}"]
    return f"{score.label} {number(score.value)}" + (f" ({'; '.join(beside)})" if beside else "")


def _data(data: DataFacts) -> Iterator[tuple[str, str]]:
    columns = f"{counted(data.numeric, 'numeric column')}, {counted(data.categorical, 'categorical column')}"
    yield "rows and columns", f"{counted(data.rows, 'row')}, {columns}"
    classes = f", {len(data.classes):,} classes" if data.classes else ""
    yield "target", data.target + classes
    yield "source", data.source if data.source == data.name else f"{data.name}, {data.source}"
    yield "SHA-256", data.sha256
