from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fnnctl.report.blocks import Score
from fnnctl.report.document import Document, block_section
from fnnctl.report.side_by_side import commands_of_several, runs_tables
from tests.report.formats.documents import made


def test_runs_are_in_one_table_with_the_same_metrics() -> None:
    """A search's objective stands first in its own report; a metric that a run lacks is a dash."""
    search = made(name="b", scores=("log loss", "accuracy", "macro F1"), kind="search")
    (table,) = runs_tables([search, made(name="a", scores=("accuracy", "macro F1"))])
    assert table.header == ("", "test part", "accuracy", "macro F1", "log loss")
    value = "0.9000 (0.8000–0.9500)"
    assert table.rows == (("1", "b", value, value, value), ("2", "a", value, value, "–"))
    assert table.texts == (0, 1)
    (values,) = runs_tables([search, made(name="a")], with_intervals=False)
    assert values.rows[0][2] == "0.9000"


def test_a_metric_that_is_not_among_the_first_ones_of_a_run_is_known_nevertheless() -> None:
    search = made(name="a", scores=("brier score", "accuracy"))
    others = made(name="b", scores=("accuracy",))
    scores = others.scores
    assert scores
    with_others = replace(scores, others=(Score("brier score", 0.25), Score("recall", 0.5)))
    (table,) = runs_tables([search, replace(others, sections=(block_section(with_others),))])
    assert table.header[2:] == ("brier score", "accuracy")
    assert table.rows[1][2] == "0.2500"


def test_runs_of_different_tasks_have_different_tables() -> None:
    """A run without scores is in the first one, or in one of its own."""
    regression = made(name="b", scores=("R²",))
    failed = made(name="c", scores=(), status="failed")
    first, second = runs_tables([made(name="a", scores=("accuracy",)), regression, failed])
    assert first.header == ("", "name", "measured on", "accuracy")
    assert first.rows == (("1", "a", "test part", "0.9000 (0.8000–0.9500)"), ("3", "c", "failed", "–"))
    assert second.header == ("", "test part", "R²")
    assert second.rows == (("2", "b", "0.9000 (0.8000–0.9500)"),)
    (table,) = runs_tables([failed, made(scores=(), status="running")])
    assert [row[2] for row in table.rows] == ["failed", "running"]


def test_the_commands_name_the_runs_unless_there_are_many() -> None:
    """Runs of two tasks, or without scores, cannot be compared."""

    def commands(*documents: Document) -> list[str]:
        return [command.rows[0] for command in commands_of_several(documents)]

    first, second = made(path=Path("runs/a b")), made(path=Path("runs/c"))
    report = "fnnctl report 'runs/a b' runs/c --verbose"
    assert commands(first, second) == [report, "fnnctl compare 'runs/a b' runs/c"]
    assert commands(first, made(path=Path("runs/c"), scores=())) == [report]
    assert commands(first, made(path=Path("runs/c"), scores=("R²",))) == [report]
    assert commands(*[first, second] * 3) == ["fnnctl report RUN"]
