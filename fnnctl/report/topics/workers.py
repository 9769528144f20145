"""The workers of a search: what each has done, and how much of its time it was busy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.records.timeline import Timeline
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import seconds_text
from fnnctl.store import names

MAX_WORKERS: Final = 20


def workers_table(timeline: Timeline) -> Table:
    """One row per worker; empty with a single one, of which `workers_text` says everything."""
    rows = (
        (
            worker.name,
            f"{len(worker.stacks):,}",
            f"{worker.networks:,}",
            seconds_text(worker.busy),
            f"{worker.share:.0%}",
        )
        for worker in timeline.workers[:MAX_WORKERS]
    )
    title = "Workers"
    if (left := len(timeline.workers) - MAX_WORKERS) > 0:
        title += f"; {left:,} more in {names.TIMELINE}"
    header = ("worker", "stacks", "networks", "training", "share of its time")
    return Table(title, header, tuple(rows) if len(timeline.workers) > 1 else ())


def workers(summary: Summary) -> Iterator[Block]:
    """What each worker has done, if that is known."""
    if summary.timeline:
        yield workers_table(summary.timeline)
