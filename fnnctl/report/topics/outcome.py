"""How a run ended: why it is not complete, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.report.blocks import Block, Failure, Warnings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import WARNINGS
from fnnctl.text import counted


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


def failure(summary: Summary) -> Iterator[Block]:
    """Why the run failed."""
    if summary.displayed_status == "failed" and (text := failure_text(summary)):
        yield Failure("Why it failed", (text,))


def incomplete(summary: Summary) -> Iterator[Block]:
    """Why the run is not complete, if it has not failed."""
    if summary.displayed_status != "failed" and (text := failure_text(summary)):
        yield Failure("Why it is not complete", (text,))


def warnings(summary: Summary) -> Iterator[Block]:
    """The warnings that the run has recorded, and which files the report goes on without."""
    yield Warnings(WARNINGS, (*summary.manifest.warnings, *summary.unread_labels))
