"""Helpers for tests of resumed runs."""

from __future__ import annotations

from pathlib import Path

from tests.program import assert_same_files, read_json

COMPARED = ("model.npz", "model.json", "history.csv", "metrics.json", "predictions.csv")


def assert_same_bits(run: Path, undisturbed: Path) -> None:
    assert_same_files(run, undisturbed, *COMPARED)
    assert read_json(run / "manifest.json")["status"] == "completed"
    assert [path.name for path in run.iterdir() if path.name.startswith(".")] == [".lock"]


def resumed_from(run: Path) -> list[str]:
    return [
        line.split(" resumed from ")[1]
        for line in (run / "log.txt").read_text().splitlines()
        if " resumed from " in line
    ]
