"""Everything a report shows of a run, read from its folder at once.

A run that is not complete has fewer files; what is missing is None. A search has the scores of its refitted
winner.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnnctl.arrays import IntArray
from fnnctl.records.history import SearchHistory, read_search
from fnnctl.store import names
from fnnctl.store.catalogue import shown_status
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest
from fnnctl.tasks.classification.stored_tables import read_confusion_matrix
from fnnctl.tasks.registry import TASK_REPORTS
from fnnctl.tasks.reporting import TaskReport

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as its folder describes it."""

    path: Path
    manifest: Manifest
    alive: bool
    """Whether its process still runs."""
    metrics: dict[str, Any] | None
    confusion: tuple[tuple[str, ...], IntArray] | None
    """Classes and counts (C, C) of the test part, a row per true class."""
    epochs: int | None
    """Epochs in the history, also of a run that is not over."""
    files: tuple[str, ...]
    search: SearchHistory | None = None
    """What a search's journal says; None for another run."""

    @property
    def shown_status(self) -> str:
        """The status as users see it: the manifest's, or `died`."""
        return shown_status(self.manifest, alive=self.alive)

    def part_metrics(self, part: str) -> dict[str, Any] | None:
        """The metrics of a part; None if there are none."""
        metrics = (self.metrics or {}).get(part)
        return metrics if isinstance(metrics, dict) else None

    @property
    def cross_validation(self) -> dict[str, Any] | None:
        """The statistics of a cross-validation's folds; None for another run."""
        return self.part_metrics("cross_validation")

    @property
    def task_report(self) -> TaskReport:
        """What the run's task declares of its reports."""
        return task_report(self.manifest)


def task_report(manifest: Manifest) -> TaskReport:
    """What the run's task declares of its reports; a run without data is taken for a classification."""
    return TASK_REPORTS[manifest.data.task if manifest.data else "classification"]


def summarize(run: RunFolder) -> Summary:
    """Read a run's folder; raises `DataError` if one of its files is damaged."""
    manifest = run.read_manifest()
    history = run.read_history()
    winner = run.winner()
    scored = winner or run
    return Summary(
        path=run.path,
        manifest=manifest,
        alive=manifest.status == "running" and run.is_alive(),
        metrics=scored.read_metrics(),
        confusion=read_confusion_matrix(scored),
        epochs=len(next(iter(history.values()))) if history else None,
        files=run.files() if winner is None else (*run.files(), names.BEST),
        search=read_search(run),
    )
