from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.answer.answer import answer
from fnnctl.report.html.side_by_side import side_by_side
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.report.html.checked import Page


def rows(*summaries: Summary) -> list[str]:
    (block,) = side_by_side([answer(each) for each in summaries], ()).blocks
    return Page("".join(part.markup for part in block.parts)).text("th", "td")


def test_one_row_per_run(finished_run: Callable[..., OpenRun]) -> None:
    cells = rows(summarize(finished_run("a")), summarize(finished_run("b")))
    header = cells[: cells.index("status") + 1]
    assert header[:3] == ["run", "accuracy", "95 % interval"]
    assert header[-2:] == ["measured on", "status"]
    assert cells[len(header) : len(header) + 3] == ["a", "0.9000", "0.8000–0.9500"]
    assert cells[2 * len(header)] == "b"
    assert cells[-2:] == ["test part", "completed"]


def test_runs_of_one_name_are_told_apart_by_their_folders(finished_run: Callable[..., OpenRun]) -> None:
    first, second = (summarize(finished_run("a")) for _ in range(2))
    assert {f"a ({each.path.name})" for each in (first, second)} <= {*rows(first, second)}


def test_runs_with_other_metrics_have_a_table_of_their_own(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run("a"))
    cells = rows(summary, replace(summary, metrics=None))
    assert cells.count("run") == 2
    assert cells.count("accuracy") == 1
