"""Predictions with a model.json in which any value is replaced or removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fnnctl.cli import run as run_program
from tests.commands.tables import HEADER, ROW

VALUES: list[Any] = [
    None, -1, 0, 1, 2.5, 10**12, 10**400, 1e308, "", "a", "relu", "maxout", True, [], {}, [1], ["a", "a"],
]  # fmt: skip


def tamper(model: Any, data: st.DataObject) -> None:
    """Replace or remove a value of the object."""
    *path, key = data.draw(st.sampled_from(_leaves(model)[1:]))
    holder: Any = model
    for step in path:
        holder = holder[step]
    if data.draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = data.draw(st.sampled_from(VALUES))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key)))]
    if isinstance(value, list):
        return [path, *(leaf for key, inner in enumerate(value) for leaf in _leaves(inner, (*path, key)))]
    return [path]


def predicts_or_refuses(run: Path, model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """With this model.json, `predict` gives predictions or an error that names the file."""
    rows = run / "new.csv"
    rows.write_text(HEADER + ROW)
    (run / "model.json").write_text(json.dumps(model))
    capsys.readouterr()
    code = run_program(["predict", str(run), str(rows)])
    told = capsys.readouterr().err
    assert code in {0, 2}, told
    if code == 2:
        assert "model." in told or "new.csv" in told or "encoding" in told, told
        assert "Traceback" not in told
