"""Listed runs made from a few facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fnnctl.report.listing.fields import Config, ListedRun
from fnnctl.store.listing import ListedFacts, RunEntry, first_metric


@dataclass(frozen=True, slots=True)
class MeasuredEntry(RunEntry):
    """An entry with metrics that are in no file."""

    measured: dict[str, Any] | None = None

    def read_metrics(self) -> dict[str, Any] | None:
        return self.measured


def entry(name: str = "iris", *, metrics: dict[str, Any] | None = None, **facts: Any) -> RunEntry:
    """An entry of a completed training with these facts."""
    given: dict[str, Any] = {
        "status": "completed", "kind": "train", "name": name, "started": "2026-11-24T13:24:05.000000Z",
        "finished": None, "seconds": 1.5, "seed": 7, "data": "iris", "task": "classification", "trials": None,
        **facts,
    }  # fmt: skip
    shown = ListedFacts(**given, metric=first_metric(metrics or {}, given["task"]))
    return MeasuredEntry(Path("runs") / name, shown, alive=False, measured=metrics)


def listed(name: str = "iris", *, config: Config = None, **facts: Any) -> ListedRun:
    return replace(ListedRun(entry(name, **facts)).with_metrics(), config=config)


DAMAGED = ListedRun(RunEntry(Path("runs/bad"), None, alive=False, damage="manifest.json: is damaged"))
