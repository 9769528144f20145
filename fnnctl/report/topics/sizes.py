"""A learning curve over data size: the scores of each size, and what more rows would bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import is_loss
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import number, share_text
from fnnctl.text import p_text

SHORT_COLUMNS: Final = 4
"""The change from size to size, which the sentence sums up, has no room in a short report."""


def sizes_json(summary: Summary) -> dict[str, Any]:
    """The entry in `evaluate --json`; none for a run without sizes."""
    return {"sizes": summary.sizes} if summary.sizes else {}


def sizes_table(summary: Summary) -> Iterator[Block]:
    """The table of the task's first metric, and a sentence; nothing for a run without sizes."""
    entries, (label, key) = summary.sizes, summary.task_report.metrics[0]
    rows = tuple(
        (
            number(entry["rows"]),
            share_text(entry["share"]),
            number(_mean(entry, key)),
            number(entry[key].get("ci95")),
            *_change(entry[key].get("difference")),
        )
        for entry in entries
        if _mean(entry, key) is not None
    )
    title, header = (
        "Scores by data size",
        ("rows", "share", label, "95 % interval", "change", "95 % interval"),
    )
    sentence = _sentence(entries, label, key)
    notes = (sentence,) if sentence else ()
    short_rows = tuple(row[:SHORT_COLUMNS] for row in rows)
    short = Table(title, header[:SHORT_COLUMNS], short_rows, texts=(), notes=notes, keeps_end=True)
    # All of four sizes and the sentence: they are what this kind of run is made for.
    yield Table(title, header, rows, notes=notes, short=short, lines=(8, 12))


def _mean(entry: Mapping[str, Any], key: str) -> float | None:
    statistics = entry.get(key)
    return statistics.get("mean") if isinstance(statistics, Mapping) else None


def _change(difference: Mapping[str, Any] | None) -> tuple[str, str]:
    """The difference from the size before and its interval."""
    if difference is None:
        return number(None), number(None)
    return number(difference["mean"]), number(difference["ci95"])


def _sentence(entries: Sequence[Mapping[str, Any]], label: str, key: str) -> str | None:
    """What the last step to more rows brought, and whether more of them are likely to help."""
    if len(entries) < 2 or not (difference := entries[-1].get(key, {}).get("difference")):
        return None
    before, last = entries[-2:]
    change = difference["mean"]
    verb = "stayed at" if change == 0 else "rose" if change > 0 else "fell"
    trend = f"{verb} {number(_mean(last, key))}"
    if change:
        trend = f"{verb} from {number(_mean(before, key))} to {number(_mean(last, key))}"
    shares = f"{share_text(before['share'])} to {share_text(last['share'])}"
    rows = f"{number(before['rows'])} to {number(last['rows'])}"
    interval = f", 95 % interval {number(difference['ci95'])}" if difference["ci95"] else ""
    paired = f"paired difference {number(change)}{interval}, {p_text(difference['p'])}"
    text = f"From {shares} of the rows ({rows}), {label} {trend} ({paired})"
    if difference["p"] >= LEVEL:
        return f"{text}, which may be chance: the folds do not show that more rows help."
    is_better = (change > 0) is not is_loss(key)
    verdict = "more rows of this kind are likely to help" if is_better else "more rows did not help"
    return f"{text}: {verdict}."
