from __future__ import annotations

from fnnctl.report.blocks import Score
from fnnctl.report.html.scores import tiles
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


def test_all_first_scores_of_a_task_and_an_objective_have_a_tile() -> None:
    """Their number is in the class, which decides the columns."""
    scores = [Score(f"metric {number}", 0.5) for number in range(9)]
    page = Page(tiles(scores, "test part"))
    (tiled,) = (each for each in page.of("div") if (each["class"] or "").startswith("tiles"))
    assert tiled["class"] == "tiles of-6"


def test_the_ends_of_a_line_have_no_exponents() -> None:
    page = Page(tiles([Score("RMSE", 50037.2, (48000.5, 51000.5), 158960.1, is_loss=True)], "test part"))
    assert page.text("span") == ["0", "159,000"]
    assert Page(tiles([Score("MAE", 0.00074912, is_loss=True)], "")).text("span") == ["0", "0.000749"]
