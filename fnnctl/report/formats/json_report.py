"""The report as a JSON object, for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnnctl.report.gates import GateResult
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import json_entries


def json_report(summaries: Sequence[Summary], results: Sequence[GateResult] = ()) -> dict[str, Any]:
    """`{"runs": [...], "gates": [...]}`; missing numbers are None."""
    return {
        "runs": [_run(summary) for summary in summaries],
        "gates": [result.to_dict() for result in results],
    }


def _run(summary: Summary) -> dict[str, Any]:
    manifest = summary.manifest.model_dump(
        mode="json",
        include={
            "kind", "name", "status", "started", "finished", "seconds", "seed",
            "data", "model", "training", "evaluated", "error", "error_kind",
            "warnings", "warning_kinds", "ancestors", "generation",
        },
    )  # fmt: skip
    return {
        "run": str(summary.path),
        **manifest,
        "alive": summary.alive,
        "metrics": summary.reported,
        "files": list(summary.files),
        **json_entries(summary),
    }
