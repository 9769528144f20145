"""A learning curve over data size, as recorded in metrics.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnnctl.report.summary import Summary


def recorded_sizes(summary: Summary) -> Sequence[Mapping[str, Any]]:
    """One entry per size, in rising order; empty for a run without sizes."""
    found: Sequence[Mapping[str, Any]] = (summary.metrics or {}).get("sizes") or ()
    return found


def sizes_json(summary: Summary) -> dict[str, Any]:
    """The entry in `evaluate --json`; none for a run without sizes."""
    return {"sizes": found} if (found := recorded_sizes(summary)) else {}


def share_text(share: float) -> str:
    """A share of the rows as a percentage, such as `12.5 %`."""
    return f"{100 * share:.4g} %"
