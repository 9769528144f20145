"""Everything a report shows of a run, read from its folder at once.

A run that still goes on, was interrupted or failed has fewer files; what is not there is None. A search has
the scores of its refitted winner.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnnctl.arrays import IntArray
from fnnctl.records.history import SearchHistory, search_history
from fnnctl.store import names
from fnnctl.store.catalogue import shown_status
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as its folder tells it."""

    path: Path
    manifest: Manifest
    alive: bool
    """Whether a process is still at work on it."""
    metrics: dict[str, Any] | None
    confusion: tuple[tuple[str, ...], IntArray] | None
    """Classes and counts (C, C) of the test part, a row a true class."""
    epochs: int | None
    """Epochs in the history, also of a run that has not ended."""
    files: tuple[str, ...]
    search: SearchHistory | None = None
    """What a search's journal tells, None of another run."""

    @property
    def shown_status(self) -> str:
        """The status in a word for people: the manifest's, or `died`."""
        return shown_status(self.manifest, alive=self.alive)

    def part_metrics(self, part: str) -> dict[str, Any] | None:
        """The metrics of a part, None where there are none."""
        metrics = (self.metrics or {}).get(part)
        return metrics if isinstance(metrics, dict) else None

    @property
    def cross_validation(self) -> dict[str, Any] | None:
        """What a cross-validation's folds say together, None of another run."""
        return self.part_metrics("cross_validation")


def summarize(run: RunFolder) -> Summary:
    """Read a run's folder; raises `DataError` where one of its files is damaged."""
    manifest = run.read_manifest()
    history = run.read_history()
    records = run.read_journal()
    winner = run.winner()
    scored = winner or run
    return Summary(
        path=run.path,
        manifest=manifest,
        alive=manifest.status == "running" and run.is_alive(),
        metrics=scored.read_metrics(),
        confusion=scored.read_confusion_matrix(),
        epochs=len(next(iter(history.values()))) if history else None,
        files=run.files() if winner is None else (*run.files(), names.BEST),
        search=None if records is None else search_history(records, run.path / names.JOURNAL),
    )
