"""How a run ended: why it is not complete, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.report.sections import Failure, Section, Warnings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import Topic
from fnnctl.text import counted

FAILED: Final = "Why it failed"
INCOMPLETE: Final = "Why it is not complete"
WARNINGS: Final = "Warnings"
WARNING_PRIORITY: Final = 70


def failure_text(summary: Summary) -> str | None:
    """Why a run did not end well, in a sentence; None if it is complete."""
    manifest, status = summary.manifest, summary.displayed_status
    if status == "completed":
        return None
    if status == "failed" and manifest.error:
        return manifest.error
    done = ""
    if summary.search is not None:
        from fnnctl.report.topics.search import epochs_done  # most runs are no searches

        done = epochs_done(summary.search, manifest.search)
    elif summary.epochs:
        done = counted(summary.epochs, "epoch")
    at, after = (f", at {done}", f" after {done}") if done else ("", "")
    return {
        "running": f"The run is in progress{at}.",
        "interrupted": f"The run was interrupted{after}.",
        "died": f"The process of the run was killed{after}.",
    }.get(status, "The run failed; its log says more.")


def _highlights(summary: Summary) -> Iterator[Section]:
    if text := failure_text(summary):
        heading = FAILED if summary.displayed_status == "failed" else INCOMPLETE
        yield Failure(heading, (text,), heading=heading, priority=20)
    yield Warnings(WARNINGS, tuple(summary.manifest.warnings), heading=WARNINGS, priority=WARNING_PRIORITY)


TOPIC: Final = Topic(WARNINGS, highlights=_highlights)
