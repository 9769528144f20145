"""The model card: what the network is for, where it should not be relied on, and what is known of it.

The user's words come from the config's `notes`; the rest is measured. A card that lacks words says how to add
them, because a network is passed on with its card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fnnctl.report.blocks import Block, Excerpt, Facts, Notes, Score
from fnnctl.report.summary import Summary, judged_part, read_experiment
from fnnctl.report.topics.classes import worst_groups
from fnnctl.report.topics.scores import measured_text, scores_by_metric
from fnnctl.report.words import number
from fnnctl.store.manifest import DataFacts
from fnnctl.text import counted

TITLE: Final = "Model card"
FIELDS: Final = {"intended_use": "intended use", "limits": "limits", "data": "data"}
"""The notes that a card should have, with their labels."""


def model_card(summary: Summary) -> Iterator[Block]:
    """The user's words, what is known, and how to add words that are missing."""
    notes = read_notes(summary)
    if text := notes.get("text"):
        yield Notes(TITLE, tuple(re.split(r"\n\s*\n", text.strip())))
    stated = tuple((label, notes.get(field, "not stated").strip()) for field, label in FIELDS.items())
    yield Facts(TITLE, (*stated, *_known(summary)))
    missing = tuple(f"  {field}: …" for field in FIELDS if field not in notes)
    if missing:
        title = "The config's notes fill in what is not stated"
        yield Excerpt(title, ("notes:", *missing))


def read_notes(summary: Summary) -> Mapping[str, str]:
    """The notes in the run's complete config; empty if it has none or cannot be read."""
    experiment = read_experiment(summary)
    notes = experiment.notes if experiment else None
    return notes.model_dump(exclude_none=True) if notes else {}


def _known(summary: Summary) -> Iterator[tuple[str, str]]:
    if (data := summary.manifest.data) is not None:
        yield from _data(data)
    if (part := judged_part(summary)) is not None:
        scores = "; ".join(map(_score, scores_by_metric(summary, part).values()))
        yield f"measured: {measured_text(summary, part)}", scores
        for worst in worst_groups(summary, part, 1):
            metrics = ", ".join(f"{label} {number(value)}" for label, value in worst.metrics)
            column = summary.task_report.groups.column if summary.task_report.groups else ""
            yield f"worst {column}", f"{worst.name}: {metrics}"
    warnings = len(summary.manifest.warnings)
    yield "warnings", counted(warnings, "warning") if warnings else "none"


def _score(score: Score) -> str:
    """A score with its interval and its baseline, as far as it has them."""
    beside = [number([*score.interval])] if score.interval else []
    beside += [] if score.baseline is None else [f"baseline {number(score.baseline)}"]
    return f"{score.label} {number(score.value)}" + (f" ({'; '.join(beside)})" if beside else "")


def _data(data: DataFacts) -> Iterator[tuple[str, str]]:
    columns = f"{counted(data.numeric, 'numeric column')}, {counted(data.categorical, 'categorical column')}"
    yield "rows and columns", f"{counted(data.rows, 'row')}, {columns}"
    classes = f", {len(data.classes):,} classes" if data.classes else ""
    yield "target", data.target + classes
    yield "source", data.source if data.source == data.name else f"{data.name}, {data.source}"
    yield "SHA-256", data.sha256
