"""A search that confirms its winner, and what its journal and its report say about that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from tests.runs.searching import RATE, of_kind

SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [6]]}}
RANDOM = {
    "method": "random", "trials": 8, "budget": {"max_epochs": 9}, "space": SPACE,
    "objective": {"metric": "log_loss"}, "confirm": {"top": 3, "seeds": 4},
}  # fmt: skip


def confirmed_of(folder: Path) -> list[Mapping[str, Any]]:
    return [
        {name: value for name, value in each.items() if name != "checksum"}
        for each in of_kind(folder, "confirmed")
    ]


def reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["report", str(folder), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["runs"][0]
    return found
