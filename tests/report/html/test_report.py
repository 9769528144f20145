"""Pages of runs with known numbers; what a browser makes of them is in `test_in_a_browser`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.html.blocks import block_body
from fnnctl.report.html.report import html_report, side_by_side
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.registry import CONTENTS, run_document
from fnnctl.store.run import OpenRun
from tests.figures import figures_by_records
from tests.report.html.checked import Page, checked

FIRST = ["Summary", "Warnings", "What goes wrong", "Figures"]
LAST = ["Scores", "Data and training", "Repeat and continue", "Provenance", "Model card", "Files"]


def page_of(*summaries: Summary, gates: tuple[str, ...] = ()) -> Page:
    results = [result for each in summaries for result in gate_results(parse_gates(gates), each)]
    return checked(html_report([run_document(summary) for summary in summaries], results))


def test_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    page = page_of(summarize(run))
    assert page.text("h1") == ["flowers-mlp"]
    headings = page.text("h2")
    assert [heading for heading in headings if heading in {*FIRST, *LAST}] == [*FIRST, *LAST]
    assert headings == [heading.title for heading in CONTENTS if heading.title in headings]
    assert page.text("a") == headings
    assert len(page.of("svg")) == len(figures_by_records(run.path))
    assert {each["aria-label"] for each in page.of("svg")} >= {
        "Confusion matrix", "ROC curves", "Precision-recall curves", "Reliability diagram", "Learning curves",
    }  # fmt: skip
    assert page.text("svg") == []
    assert {*page.text("desc")} >= {
        "accuracy 0.9000; balanced accuracy 0.8900", "macro average precision 0.7500",
        "calibration error 0.0625", "2 epochs; the best was 2.",
    }  # fmt: skip
    assert "0.9000" in page.text("p")
    assert "95 % interval 0.8000–0.9500" in page.text("p")
    assert {"column 'id' looks like a row id"} <= {*page.text("p")}
    assert len(page.of("details")) == 5
    assert page.text("p")[-1] == "Made from runs of fnnctl 0.1.0. This page needs no network connection."


def test_equal_runs_give_equal_pages(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())
    first, second = (html_report([run_document(summary)]) for _ in range(2))
    assert first == second


def test_gates_come_after_the_summary(finished_run: Callable[..., OpenRun]) -> None:
    page = page_of(summarize(finished_run()), gates=("accuracy=0.95", "f1_macro=0.5"))
    assert page.text("h2")[:2] == ["Summary", "Gates: 1 of 2 passed"]
    assert {"missed", "passed"} <= {*page.text("td")}


def test_several_runs_are_compared_first(finished_run: Callable[..., OpenRun]) -> None:
    runs = [finished_run(name) for name in ("a", "b")]
    page = page_of(*map(summarize, runs), gates=("accuracy=0.5",))
    assert page.text("h1") == ["a, b"]
    assert page.text("h2") == ["All runs", "a", "b"]
    assert page.text("h3")[:2] == ["Gates: 2 of 2 passed", "Scores side by side"]
    assert page.text("h3").count("Summary") == 2
    assert len(page.of("svg")) == sum(len(figures_by_records(run.path)) for run in runs)


def test_a_run_that_has_just_begun(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.finish("failed", {"total": 1.0}, {"error": "the disk is full"})
    page = page_of(summarize(run))
    assert page.text("h2")[:2] == ["Why it failed", "Summary"]
    assert "the disk is full" in page.text("p")
    assert "failed" in page.text("span")
    assert page.of("svg") == []


def rows(*summaries: Summary) -> list[str]:
    document = side_by_side([run_document(summary) for summary in summaries], ())
    return Page("".join(map(block_body, document.blocks))).text("th", "td")


def test_one_row_per_run(finished_run: Callable[..., OpenRun]) -> None:
    cells = rows(summarize(finished_run("a")), summarize(finished_run("b")))
    width = cells.index("a")
    assert cells[:2] == ["test part", "accuracy"]
    assert cells[width : width + 2] == ["a", "0.9000 (0.8000–0.9500)"]
    assert cells[2 * width] == "b"
    assert len(cells) == 3 * width


def test_runs_of_one_name_are_told_apart_by_their_folders(finished_run: Callable[..., OpenRun]) -> None:
    first, second = (summarize(finished_run("a")) for _ in range(2))
    assert {f"a ({each.path.name})" for each in (first, second)} <= {*rows(first, second)}


def test_a_run_without_scores_is_in_the_table_with_its_status(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run("a"))
    cells = rows(summary, replace(summary, metrics=None))
    assert cells[:3] == ["name", "measured on", "accuracy"]
    assert cells.count("accuracy") == 1
    assert "completed" in cells
