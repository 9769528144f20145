from __future__ import annotations

from fnnctl.report.html.scores import tiles
from fnnctl.report.sections import Score
from tests.report.html.checked import Page


def styles(score: Score) -> list[str | None]:
    return [each["style"] for each in Page(tiles([score], "test part")).of("i")]


def test_a_score_lies_between_nothing_and_the_best() -> None:
    assert styles(Score("accuracy", 0.9, (0.8, 0.95), 0.5)) == [
        "left:80.0%;width:15.0%", "left:50.0%", "left:90.0%",
    ]  # fmt: skip


def test_a_loss_lies_between_nothing_and_the_worst_that_is_drawn() -> None:
    assert styles(Score("RMSE", 1.0, None, 4.0, is_loss=True)) == ["left:100.0%", "left:25.0%"]


def test_a_negative_score_is_on_the_line_too() -> None:
    page = Page(tiles([Score("R²", -1.0, None, -1e-5)], "test part"))
    assert page.text("span") == ["-1", "1"]
    assert [each["style"] for each in page.of("i")] == ["left:50.0%", "left:0.0%"]


def test_without_scores_there_are_none() -> None:
    assert tiles([], "") == ""
