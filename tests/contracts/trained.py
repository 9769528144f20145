"""What the contracts of activations and losses have in common: a trained model is used, and exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program, only_run, read_json


def assert_repeated_by_its_model(program: Program, config: str) -> Path:
    """The saved model has the loss that was measured after training; returns the run."""
    assert program("train", config, "--quiet").code == 0
    run = only_run(Path())
    scores = program("evaluate", "latest", "--json").json
    assert scores["metrics"]["test"]["loss"] == read_json(run / "metrics.json")["test"]["loss"]
    return run


def assert_exported_by_record(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    records: Mapping[str, Any],
    name: str,
    kind: str,
    *,
    most_difference: float,
) -> None:
    """The last run is exported if the record says so; if it says that it cannot be, an error names it."""
    if records[name].exported:
        done = program("export", "--output", "x.onnx", "--json")
        assert done.json["largest_difference"] <= most_difference
        Path("x.onnx").unlink()
    monkeypatch.setitem(
        records,
        name,
        replace(records[name], exported=False),
    )
    done = program("export", "--output", "x.onnx")
    assert (done.code, done.err) == (2, f"--format onnx: the {kind} '{name}' cannot be exported\n")
    assert not Path("x.onnx").exists()
