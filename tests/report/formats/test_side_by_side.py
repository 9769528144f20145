from __future__ import annotations

from pathlib import Path

from fnnctl.report.formats.side_by_side import commands_of_several, runs_tables
from tests.report.formats.documents import made


def test_runs_of_different_tasks_have_different_tables() -> None:
    regression = made(name="b", scores=("R²",))
    failed = made(name="c", scores=(), status="failed")
    first, second = runs_tables([made(name="a"), regression, failed])
    assert first.header == ("", "name", "measured on", "accuracy", "95 % interval", "baseline")
    assert first.rows == (
        ("1", "a", "test part", "0.9000", "0.8000–0.9500", "0.5000"),
        ("3", "c", "failed", "–", "–", "–"),
    )
    assert second.header[3] == "R²"
    assert second.rows == (("2", "b", "test part", "0.9000", "0.8000–0.9500", "0.5000"),)


def test_runs_without_any_score_are_listed_too() -> None:
    failed = made(scores=(), status="failed")
    (table,) = runs_tables([failed, failed])
    assert [row[2] for row in table.rows] == ["failed", "failed"]


def test_the_commands_name_the_runs_unless_there_are_many() -> None:
    two = [made(path=Path("runs/a b")), made(path=Path("runs/c"))]
    assert [command.rows[0] for command in commands_of_several(two)] == [
        "fnnctl report 'runs/a b' runs/c --verbose",
        "fnnctl compare 'runs/a b' runs/c",
    ]
    unscored = [two[0], made(path=Path("runs/c"), scores=())]
    assert [command.rows[0] for command in commands_of_several(unscored)] == [
        "fnnctl report 'runs/a b' runs/c --verbose"
    ]
    assert [command.rows[0] for command in commands_of_several(two * 3)] == ["fnnctl report RUN"]
