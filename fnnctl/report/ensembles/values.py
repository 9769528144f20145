"""The ensemble of a search for `search --json` and `report --json`."""

from __future__ import annotations

from typing import Any

from fnnctl.report.summary import Summary


def ensemble_json(summary: Summary) -> dict[str, Any] | None:
    """How it was selected, and its metrics; None if there is none."""
    ensemble = summary.ensemble
    if ensemble is None:
        return None
    return {
        **ensemble.selection.model_dump(mode="json"),
        "run": str(ensemble.path),
        "metrics": ensemble.metrics,
    }
