"""What intervals, sets of classes and quantiles are worth: how often they hold the truth, or are above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fnnctl.metrics.metric import INTERVAL
from fnnctl.metrics.number_metrics import PINBALL
from fnnctl.metrics.registry import PER_LEVEL
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary, judged_part, read_experiment, scored_rows
from fnnctl.report.words import number, share_text
from fnnctl.tasks.stored_coverage import LEAST_ROWS, Coverage, part_coverages, whole_coverages
from fnnctl.text import joined_words, quoted

COVERAGE: Final = "coverage"
"""The key of the share of targets at or below a quantile."""


def regions(summary: Summary) -> Iterator[Block]:
    """A row per coverage, then one per class or tenth of the predictions."""
    whole, parts = whole_coverages(summary.coverage), part_coverages(summary.coverage)
    if not whole:
        return
    noun, size = summary.task_report.regions
    header = ("asked for", "measured", "95 % interval", size)
    rows = tuple((share_text(line.coverage), *_cells(line)) for line in whole)
    yield Table(
        f"How often {noun} hold the truth {scored_rows(summary)}", header, rows, notes=tuple(_notes(summary))
    )
    if parts:
        part = summary.task_report.region_part
        yield Table(
            f"{noun.capitalize()} for {share_text(parts[0].coverage)}, by {part}",
            (part, "rows", "measured", "95 % interval", size),
            tuple((line.part, f"{line.rows:,}", *_cells(line)) for line in parts),
        )


def _cells(measured: Coverage) -> Sequence[str]:
    return share_text(measured.share), number([measured.low, measured.high]), number(measured.size)


def _notes(summary: Summary) -> Iterator[str]:
    """What must hold for new rows to be covered as often."""
    yield "`fnnctl predict --coverage 0.9` writes them. New rows are covered as often if they are like these."
    noun, _ = summary.task_report.regions
    experiment = read_experiment(summary)
    split = experiment.data.split if experiment else None
    has_groups = bool(split and split.group is not None)  # whose rows are not independent, as the interval is
    lines = [line for line in whole_coverages(summary.coverage) if line.rows >= LEAST_ROWS]
    if not has_groups and any(line.high < line.coverage for line in lines):
        yield (
            f"The {noun} hold the truth less often than asked: these rows are unlike those whose errors "
            "they follow from, or too many choices were made on those."
        )
    if split and split.by is not None:
        yield (
            f"The rows are in the order of {quoted(split.by)}: the method assumes that rows are "
            "exchangeable, which is not so if what is predicted changes over time."
        )
    if split and split.group is not None:
        yield (
            f"Each value of {quoted(split.group)} has the same weight in the limits, each row the same in "
            "these shares."
        )


def levels(summary: Summary) -> Iterator[Block]:
    """A row per level."""
    part = judged_part(summary)
    metrics = (summary.part_metrics(part) if part else None) or {}
    of_levels: Mapping[str, Mapping[str, Any]] = metrics.get(PER_LEVEL) or {}
    if not of_levels:
        return
    baseline = (metrics.get("baseline") or {}).get(PER_LEVEL) or {}
    rows = tuple(
        (
            level,
            number(entry.get(PINBALL.name)),
            number((baseline.get(level) or {}).get(PINBALL.name)),
            number(entry.get(COVERAGE)),
            number(entry.get(f"{COVERAGE}{INTERVAL}")),
        )
        for level, entry in of_levels.items()
    )
    header = ("level", PINBALL.label, "baseline", "targets at or below", "95 % interval")
    notes = tuple(_notes_on_levels(of_levels))
    title = f"Quantiles {scored_rows(summary)}"
    yield Table(title, header, rows, texts=(), notes=notes, lines=(5, 8))


def _notes_on_levels(of_levels: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the shares should be, and which are not."""
    yield "The share of targets at or below a quantile should be its level."
    outside = []
    for level, entry in of_levels.items():
        low, high = entry.get(f"{COVERAGE}{INTERVAL}") or (0.0, 1.0)
        if not low <= float(level) <= high:
            outside.append(level)
    if outside:
        of_these = f"the level{'s' if len(outside) > 1 else ''} {joined_words(outside)}"
        yield (
            f"At {of_these} it differs by more than chance: the quantiles are too far apart or too close, or "
            "these rows are unlike the training rows."
        )


def json_entries(summary: Summary) -> dict[str, Any]:
    """What was measured; null if nothing was."""
    entries = [
        {
            "coverage": measured.coverage,
            "part": measured.part or None,
            "rows": measured.rows,
            "measured": measured.share,
            "ci95": [measured.low, measured.high],
            "mean_size": measured.size,
        }
        for measured in summary.coverage
    ]
    return {"coverage": entries or None}
