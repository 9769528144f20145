from __future__ import annotations

from fnnctl.report.blocks import Score
from fnnctl.report.html.scores import tiles
from tests.report.html.checked import Page


def page_of(*scores: Score) -> Page:
    return Page(tiles([*scores], "test part"))


def styles(score: Score) -> list[str | None]:
    return [mark["style"] for mark in page_of(score).of("i")]


def test_where_a_score_lies_on_its_line() -> None:
    """Between nothing and the best; a loss, between nothing and the worst that is drawn."""
    accuracy = styles(Score("accuracy", 0.9, (0.8, 0.95), 0.5))
    assert accuracy == ["left:80.0%;width:15.0%", "left:50.0%", "left:90.0%"]
    assert styles(Score("RMSE", 1.0, None, 4.0, is_loss=True)) == ["left:100.0%", "left:25.0%"]
    assert styles(Score("R²", -1.0, None, -1e-5)) == ["left:50.0%", "left:0.0%"]


def test_without_scores_there_are_none() -> None:
    assert tiles([], "") == ""


def test_all_first_scores_of_a_task_and_an_objective_have_a_tile() -> None:
    """Their number is in the class, which decides the columns."""
    page = page_of(*(Score(f"metric {number}", 0.5) for number in range(9)))
    classes = [div["class"] or "" for div in page.of("div")]
    assert [name for name in classes if name.startswith("tiles")] == ["tiles of-6"]


def test_the_ends_of_a_line_have_no_exponents() -> None:
    rmse = Score("RMSE", 50037.2, (48000.5, 51000.5), 158960.1, is_loss=True)
    ends = [page_of(score).text("span") for score in (rmse, Score("MAE", 0.00074912, is_loss=True))]
    assert ends == [["0", "159,000"], ["0", "0.000749"]]
    assert page_of(Score("R²", -1.0, None, -1e-5)).text("span") == ["-1", "1"]
