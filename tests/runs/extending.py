"""Helpers for tests of extended searches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.program import assert_same_files, read_json
from tests.runs.searching import RATE, SEARCH_FILES, of_kind, resume

SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [6]]}}
RANDOM = {"method": "random", "trials": 3, "budget": {"max_epochs": 4}, "space": SPACE}
COMPARED = (*SEARCH_FILES, "resolved.yaml")


def extend(folder: Path, *words: str, code: int = 0) -> None:
    arguments = [argument for word in words for argument in ("--set", f"search.{word}")]
    assert resume(folder, "--executor", "serial", *arguments) == code


def changes(folder: Path) -> list[Any]:
    """The recorded plans."""
    found = ({**each["changes"]} for each in of_kind(folder, "resume"))
    return [{name: plan[name] for name in plan if name != "executor"} for plan in found]


def objectives(folder: Path) -> dict[tuple[int, int], Any]:
    return {(each["trial"], each["budget"]): each["objective"] for each in of_kind(folder, "result")}


def timeline(folder: Path) -> list[dict[str, Any]]:
    """The timeline without the starts of workers."""
    events = map(json.loads, (folder / "timeline.jsonl").read_text().splitlines())
    return [event for event in events if "executor" not in event]


def assert_same_outcome(folder: Path, at_once: Path) -> None:
    assert_same_files(folder, at_once, *COMPARED)
    assert of_kind(folder, "trial") == of_kind(at_once, "trial")
    extended, whole = read_json(folder / "manifest.json"), read_json(at_once / "manifest.json")
    for key in ("method", "trials", "epochs", "saved", "end", "best"):
        assert extended["search"][key] == whole["search"][key], key
    assert extended["status"] == "completed"
    assert [path.name for path in folder.glob(".*")] == [".lock"]
