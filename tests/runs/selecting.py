"""The space of searches that select an ensemble, and what was selected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.program import read_json
from tests.runs.searching import RATE

SPACE = {
    RATE: {"log_uniform": [0.003, 0.3]},
    "model.hidden": {"depth": [1, 2], "width": [4, 8]},
    "data.scaling": {"choice": ["standardize", "minmax"]},
}


def selection(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(folder / "ensemble" / "manifest.json")["selection"]
    return found
