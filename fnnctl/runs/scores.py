"""Writes a predictor's scores on the parts of the data."""

from __future__ import annotations

from typing import Any

from fnnctl.store.run import OpenRun
from fnnctl.tasks.task import PartScores


def write_scores(run: OpenRun, parts: dict[str, PartScores | None]) -> None:
    """Write the metrics of the parts, and the predictions and curves of the last one, the test part.

    Each part is removed from `parts`, so that only one large part is in memory at a time.
    """
    metrics: dict[str, Any] = {}
    for name in tuple(parts):
        part = parts.pop(name)
        metrics[name] = part.metrics() if part else None
    run.write_metrics(metrics)
    if part:
        run.write_artifacts(part.artifacts())
