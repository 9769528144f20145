"""`report` and `runs` for a search's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Program
from tests.report.conftest import part_metrics
from tests.report.searches import halving, refit, start_search


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    run = start_search(tmp_path / "runs", halving())
    refit(run, {"train": None, "validation": None, "test": part_metrics(("a", "b"), 0.9)})
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return run.path


@pytest.mark.figures
def test_a_search_is_reported_in_every_format(program: Program, searched: Path) -> None:
    done = program("report", "--verbose")
    assert done.code == 0
    assert f"fnnctl train {searched.relative_to(Path.cwd())}/resolved.yaml" in done.out
    figures = {"search_history.png", "rungs.png", "parallel_coordinates.png", "importance.png"}
    assert {path.name for path in searched.glob("*.png")} == figures
    (entry,) = program("report", "--json").json["runs"]
    assert (entry["kind"], entry["best"]["trial"]) == ("search", 1)
    assert "importance.png" in program("report", "--format", "markdown").out


def test_the_gate_judges_the_refitted_winner(program: Program, searched: Path) -> None:
    assert program("report", "--fail-under", "accuracy=0.9").code == 0
    assert program("report", "--fail-under", "accuracy=0.91").code == 1
    assert program("report", "--fail-under", "validation.accuracy=0.5").code == 2


def test_runs_distinguishes_searches(program: Program, searched: Path, tmp_path: Path) -> None:
    running = start_search(tmp_path / "runs", halving()[:6], name="second")
    start_search(tmp_path / "runs", halving()[:6], name="third").let_go()
    entries = program("runs", "--json").json["runs"]
    assert [(entry["status"], entry["alive"]) for entry in entries] == [
        ("completed", False), ("running", True), ("running", False),
    ]  # fmt: skip
    assert entries[0]["metrics"]["test"]["accuracy"] == 0.9
    lines = [line.split() for line in program("runs").out.splitlines() if "search" in line]
    assert [line[1:2] + line[3:6] for line in lines] == [
        ["rates", "–", "completed", "accuracy"], ["second", "–", "running", "–"], ["third", "–", "died", "–"],
    ]  # fmt: skip
    running.let_go()
