"""How the manifest says that a run ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Program


def test_an_internal_failure_is_a_sentence_and_3(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback stands in the run's log; the screen has it with --verbose only."""

    def fail(run: object) -> None:
        raise ZeroDivisionError("drawing failed")

    monkeypatch.setattr("fnnctl.commands.train.draw_figures", fail)
    done = program("train", str(iris))
    assert done.code == 3
    assert "drawing failed" in done.err
    assert "Traceback" not in done.err
    (run,) = (tmp_path / "runs").iterdir()
    assert "Traceback" in (run / "log.txt").read_text()
    assert json.loads((run / "manifest.json").read_text())["status"] == "failed"
