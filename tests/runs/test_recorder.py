"""How the manifest records the end of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.errors import MachineError
from fnnctl.store.run import OpenRun
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")


def test_an_internal_failure_is_a_sentence_and_3(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback is in the run's log, and is printed only with --verbose."""

    def fail(figures: object, run: object) -> None:
        raise ZeroDivisionError("drawing failed")

    monkeypatch.setattr("fnnctl.report.figures.drawer.FigureDrawer.draw", fail)
    done = program("train", str(iris))
    assert done.code == 3
    assert "drawing failed" in done.err
    assert "Traceback" not in done.err
    (run,) = (tmp_path / "runs").iterdir()
    assert "Traceback" in (run / "log.txt").read_text()
    assert json.loads((run / "manifest.json").read_text())["status"] == "failed"


def test_the_first_failure_is_reported_if_the_end_cannot_be_recorded(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: OpenRun, *arguments: object) -> None:
        raise MachineError("manifest.json cannot be written: No space left on device")

    monkeypatch.setattr(OpenRun, "finish", full_disk)
    diverging = ("training.optimizer={name: sgd, learning_rate: 1e6}", "training.l2=1e5")
    done = program("train", str(iris), "--set", diverging[0], "--set", diverging[1])
    assert done.code == 4
    assert "diverged in epoch" in done.err.splitlines()[-1]
    done = program("train", str(iris))
    assert (done.code, done.err.splitlines()[-1].split(":")[0]) == (3, "manifest.json cannot be written")
