"""Pages of runs with known numbers; what a browser makes of them is in `test_in_a_browser`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.html.blocks import block_body
from fnnctl.report.html.report import html_report, side_by_side
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.registry import CONTENTS, run_document
from fnnctl.store.run import OpenRun
from tests.figures import figures_by_records
from tests.messages import Messages
from tests.report.formats.documents import GATE, RUN, made
from tests.report.html.checked import Page, checked

FIRST = ["Summary", "Warnings", "What goes wrong", "Figures"]
LAST = ["Scores", "Data and training", "Repeat and continue", "Provenance", "Model card", "Files"]


def test_a_finished_run(summary: Summary, messages: Messages) -> None:
    page = checked(html_report([run_document(summary)]))
    assert page.text("h1") == ["flowers-mlp"]
    headings = page.text("h2")
    assert [heading for heading in headings if heading in {*FIRST, *LAST}] == [*FIRST, *LAST]
    assert headings == [heading.title for heading in CONTENTS if heading.title in headings]
    assert page.text("a") == headings
    assert len(page.of("svg")) == len(figures_by_records(summary.path))
    assert page.text("svg") == []
    labels = [str(figure["aria-label"]) for figure in page.of("svg")]
    messages.check("\n".join([*labels, *page.text("desc")]))
    assert {"0.9000", "95 % interval 0.8000–0.9500", "column 'id' looks like a row id"} <= {*page.text("p")}
    assert len(page.of("details")) == 5
    assert page.text("p")[-1] == "Made from runs of fnnctl 0.1.0. This page needs no network connection."


def test_gates_come_after_the_summary() -> None:
    page = checked(html_report([made()], [GATE, replace(GATE, passed=True)]))
    assert page.text("h2")[:2] == ["Summary", "Gates: 1 of 2 passed"]
    assert {"missed", "passed"} <= {*page.text("td")}


def test_several_runs_are_compared_first() -> None:
    page = checked(html_report([made(name="a"), made(name="b")], [replace(GATE, passed=True)] * 2))
    assert page.text("h1") == ["a, b"]
    assert page.text("h2") == ["All runs", "a", "b"]
    assert page.text("h3")[:2] == ["Gates: 2 of 2 passed", "Scores side by side"]
    assert page.text("h3").count("Summary") == 2


def test_a_run_that_has_just_begun(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.finish("failed", {"total": 1.0}, {"error": "the disk is full"})
    page = checked(html_report([run_document(summarize(run))]))
    assert page.text("h2")[:2] == ["Why it failed", "Summary"]
    assert "the disk is full" in page.text("p")
    assert "failed" in page.text("span")
    assert page.of("svg") == []


def test_runs_of_one_name_are_told_apart_by_their_folders() -> None:
    """In a table of one row per run."""
    documents = [made(path=RUN.with_name(name)) for name in ("first", "second")]
    blocks = side_by_side(documents, ()).blocks
    cells = Page("".join(map(block_body, blocks))).text("th", "td")
    assert cells[:2] == ["test part", "accuracy"]
    assert [cell for cell in cells if cell.startswith("flowers-mlp")] == [
        "flowers-mlp (first)",
        "flowers-mlp (second)",
    ]
    assert cells.count("0.9000 (0.8000–0.9500)") == 2 * 5
