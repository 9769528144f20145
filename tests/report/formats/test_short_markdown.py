from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from fnnctl.report.formats.fitting import fit_name
from fnnctl.report.formats.short_markdown import short_markdown_report
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.sections import REQUESTED, TableSection
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import short_document
from fnnctl.store.run import OpenRun
from tests.report.formats.documents import HOSTILE, made, overfull

READER = MarkdownIt("gfm-like", {"linkify": False})


def test_what_a_reader_sees(finished_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    summary = summarize(finished_run())
    results = gate_results(parse_gates(["accuracy=0.95", "loss=0.5"]), summary)
    text = short_markdown_report([short_document(summary)], results, tmp_path)
    assert text.startswith("# flowers-mlp: completed, 1 of 2 gates missed\n\n| test part | value |")
    assert "\n| accuracy | 0.9000 | 0.8000–0.9500 | – |\n" in text
    assert "\n| accuracy | 0.9000 | ≥ 0.95 | missed |\n| loss | 0.2500 | ≤ 0.5 | passed |\n" in text
    assert "| lowest F1 | F1 | precision | recall | rows | most frequent error |\n" in text
    assert "| setosa | 0.3333 | 0.5000 | 0.2500 | 10 | 40% of versicolor taken for it |\n" in text
    assert "\n- warning: column 'id' looks like a row id\n" in text
    assert text.count("\n#") == 0


def test_passed_gates_are_in_the_heading(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())
    results = gate_results(parse_gates(["accuracy=0.5"]), summary)
    text = short_markdown_report([short_document(summary)], results, Path())
    assert text.startswith("# flowers-mlp: completed, all gates passed\n")
    assert short_markdown_report([short_document(summary)], [], Path()).startswith(
        "# flowers-mlp: completed\n"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_makes_it_long_or_is_read_as_markup(name: str) -> None:
    text = short_markdown_report([overfull(name)], [], Path())
    assert len(text.splitlines()) <= 50  # twice as many metrics as any task has
    tokens = READER.parse(text)
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"]
    assert not any(token.type.startswith("html") for token in tokens)
    assert "<script" not in READER.render(text)
    heading = "".join(child.content for child in tokens[1].children or [])
    assert heading == f"{fit_name(name, 60)}: completed"


def test_a_usual_report_has_at_most_thirty_lines() -> None:
    text = short_markdown_report([made(warnings=("one", "two", "three", "four"))], [], Path())
    assert len(text.splitlines()) <= 30
    for warning in ("one", "two", "three", "four"):
        assert f"- warning: {warning}\n" in text


def test_a_warning_is_not_cut_before_its_advice() -> None:
    warning = f"{'the scores are doubtful ' * 20}: try more rows"
    assert f"- warning: {warning}\n" in short_markdown_report([made(warnings=(warning,))], [], Path())


def test_a_failed_run_says_why() -> None:
    failed = made(status="failed", failure="training diverged", scores=(), classes=None, sentences=())
    lines = short_markdown_report([failed], [], Path()).splitlines()
    assert lines[:3] == ["# flowers-mlp: failed", "", "training diverged"]


def test_several_runs_are_one_table() -> None:
    text = short_markdown_report([made(), made(name="other", warnings=("careful",))], [], Path())
    assert text.startswith("# 2 runs\n\n|  | test part | accuracy | balanced accuracy |")
    assert "| 2 | other | 0.9000 (0.8000–0.9500) |" in text
    assert "\nRun 2 has warnings.\n" in text
    both = short_markdown_report([made(warnings=("careful",))] * 2, [], Path())
    assert "\nRuns 1 and 2 have warnings.\n" in both
    assert "\n2. [runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1](" in text


def test_importances_that_were_asked_for_are_shown() -> None:
    table = TableSection("Importance of the columns", ("column", "accuracy −"), (("x_1", "0.5"),))
    text = short_markdown_report([made(replace(table, priority=REQUESTED))], [], Path())
    assert "**Importance of the columns**\n\n| column | accuracy − |\n| --- | ---: |\n| x\\_1 | 0.5 |" in text
