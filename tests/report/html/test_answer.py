from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fnnctl.report.answer.values import Answer, NextCommand, Score
from fnnctl.report.html.answer import answer_blocks, command_block, tiles
from tests.report.html.checked import Page

EMPTY = Answer(
    path=Path("r"), name="n", kind="train", status="completed", when="", failure=None, facts=(), measured="",
    scores=(), sizes=None, importance=(),
    certainty=(), group="class", worst=(), confused=(), pairs=0, repeats=1, warnings=(), commands=(),
)  # fmt: skip


def styles(score: Score) -> list[str | None]:
    return [each["style"] for each in Page(tiles([score], "test part")).of("i")]


def test_a_score_lies_between_nothing_and_the_best() -> None:
    assert styles(Score("accuracy", "accuracy", 0.9, (0.8, 0.95), 0.5)) == [
        "left:80.0%;width:15.0%", "left:50.0%", "left:90.0%",
    ]  # fmt: skip


def test_a_loss_lies_between_nothing_and_the_worst_that_is_drawn() -> None:
    assert styles(Score("RMSE", "rmse", 1.0, None, 4.0)) == ["left:100.0%", "left:25.0%"]


def test_a_negative_score_is_on_the_line_too() -> None:
    page = Page(tiles([Score("R²", "r2", -1.0, None, -1e-5)], "test part"))
    assert page.text("span") == ["-1", "1"]
    assert [each["style"] for each in page.of("i")] == ["left:50.0%", "left:0.0%"]


def test_without_scores_there_are_none() -> None:
    assert tiles([], "") == ""
    assert [*answer_blocks(EMPTY, None)] == []
    assert [*command_block(EMPTY)] == []


def test_the_page_has_no_command_that_shows_it() -> None:
    commands = tuple(NextCommand(what, f"fnnctl {what} r") for what in ("report", "predict"))
    (block,) = command_block(replace(EMPTY, commands=commands))
    assert [part.title for part in block.parts] == ["Predict"]
