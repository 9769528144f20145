"""What intervals and sets of classes are worth: how often they hold the truth, and how large they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary, scored_rows
from fnnctl.report.words import number, share_text
from fnnctl.tasks.coverage import ALL, Coverage

USUAL: Final = 0.9
"""The coverage whose parts are shown, if the model knows enough errors for it."""
LEAST_ROWS: Final = 10
"""Parts with fewer test rows are left out: the interval of their share would be half of all shares."""
MOST_PARTS: Final = 20


def regions(summary: Summary) -> Iterator[Block]:
    """A row per coverage, then one per class or tenth of the predictions."""
    whole = [measured for measured in summary.coverage if measured.part == ALL]
    if not whole:
        return
    noun, size = _words(summary)
    header = ("asked for", "measured", "95 % interval", size)
    rows = tuple((share_text(measured.coverage), *_cells(measured)) for measured in whole)
    yield Table(
        f"How often {noun} hold the truth {scored_rows(summary)}", header, rows, notes=tuple(_notes(summary))
    )
    coverage = min((measured.coverage for measured in whole), key=lambda asked: abs(asked - USUAL))
    parts = [
        measured
        for measured in summary.coverage
        if measured.coverage == coverage and measured.part != ALL and measured.rows >= LEAST_ROWS
    ]
    if len(parts) > 1:
        shown = sorted(sorted(parts, key=lambda measured: measured.share)[:MOST_PARTS], key=parts.index)
        yield Table(
            f"{noun.capitalize()} for {share_text(coverage)}, by {_part_noun(summary)}",
            (_part_noun(summary), "rows", "measured", "95 % interval", size),
            tuple((measured.part, f"{measured.rows:,}", *_cells(measured)) for measured in shown),
        )


def _cells(measured: Coverage) -> Sequence[str]:
    return share_text(measured.share), number([measured.low, measured.high]), number(measured.size)


def _words(summary: Summary) -> tuple[str, str]:
    """What the regions are, and what their size is."""
    return ("sets", "mean size") if _has_classes(summary) else ("intervals", "mean width")


def _part_noun(summary: Summary) -> str:
    return "class" if _has_classes(summary) else "prediction"


def _has_classes(summary: Summary) -> bool:
    data = summary.manifest.data
    return data is None or data.task == "classification"


def _notes(summary: Summary) -> Iterator[str]:
    """What must hold for new rows to be covered as often."""
    yield "`fnnctl predict --coverage 0.9` writes them. New rows are covered as often if they are like these."


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
