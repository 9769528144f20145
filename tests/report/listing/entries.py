"""Listed runs made from a few facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fnnctl.report.listing.fields import Config, ListedRun
from fnnctl.store.listing.entries import ListedFacts, RunEntry


def entry(name: str = "iris", *, metrics: dict[str, Any] | None = None, **facts: Any) -> RunEntry:
    """An entry of a completed training with these facts."""
    given: dict[str, Any] = {
        "status": "completed", "kind": "train", "name": name, "started": "2026-11-24T13:24:05.000000Z",
        "finished": None, "seconds": 1.5, "seed": 7, "data": "iris", "task": "classification", "trials": None,
        **facts,
    }  # fmt: skip
    return RunEntry(Path("runs") / name, ListedFacts(**given), metrics, alive=False)


def listed(name: str = "iris", *, config: Config = None, **facts: Any) -> ListedRun:
    return ListedRun.of(entry(name, **facts), config)


DAMAGED = ListedRun.of(
    RunEntry(Path("runs/bad"), None, None, alive=False, damage="manifest.json: is damaged")
)
