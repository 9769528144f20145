from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.report.blocks import Command, Table
from fnnctl.report.document import block_section
from fnnctl.report.formats.fitting import fit_name
from fnnctl.report.formats.markdown import escape, markdown_block, markdown_report, short_markdown_report
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.run import OpenRun
from fnnctl.text import plain_text
from tests.figures import figures_by_records
from tests.messages import Messages
from tests.report.formats.documents import GATE, HOSTILE, made, overfull
from tests.report.formats.test_contract import READER, flat


def links(text: str, kind: str, attribute: str) -> list[str]:
    tokens = flat(READER.parse(text))
    return [unquote(str(token.attrs[attribute])) for token in tokens if token.type == kind]


def inline(text: str) -> str:
    """The first text that a reader sees."""
    token = next(token for token in READER.parse(text) if token.type == "inline")
    return "".join(child.content for child in token.children or [])


@pytest.mark.parametrize("base", [".", "other folder", "my runs"])
def test_links_lead_from_the_reports_folder_to_the_run(
    finished_run: Callable[..., OpenRun], tmp_path: Path, base: str
) -> None:
    folder = tmp_path / base
    folder.mkdir(exist_ok=True)
    run = finished_run()
    text = markdown_report([run_document(summarize(run))], (), folder)
    pictures = links(text, "image", "src")
    assert [Path(picture).name for picture in pictures] == figures_by_records(run.path)
    targets = links(text, "link_open", "href") + pictures
    assert all((folder / target).exists() for target in targets)
    assert any((folder / target).samefile(run.path) for target in targets)


@given(st.text())
def test_escaped_text_reads_as_itself(text: str) -> None:
    line = plain_text(text).strip()
    cell = inline(f"| {escape(line)} |\n| --- |\n").strip()
    assert cell in (line, re.sub(r"\s+", " ", line))


def test_a_quoted_command_is_code() -> None:
    html = READER.renderInline(escape("see `fnnctl search *_a_*`, `fnnctl train --set a.b=c` or `_x_`"))
    assert html == "see `fnnctl search *_a_*`, <code>fnnctl train --set a.b=c</code> or `_x_`"


def test_an_address_is_no_link() -> None:
    text = "HTTPS://a.example (http://b.example) _www.c.example ftp://d.example"
    assert escape(text) == r"HTTPS\://a.example (http\://b.example) \_www\.c.example ftp\://d.example"


@pytest.mark.parametrize(
    "line", ["- item", "1. one", "+ plus", "---", "12) twelve", "=== x", "# title", "> quote"]
)
def test_a_warning_is_one_item(line: str) -> None:
    _, warnings = markdown_report([made(warnings=(line,))], ()).split("## Warnings")
    assert inline(warnings) == line


def test_a_fence_is_longer_than_the_backticks_in_it() -> None:
    for words, fence in (("it's `x`", "```"), ("```\n# title", "````")):
        _, code = markdown_block(Command("Train it", ("fnnctl train", words)))
        assert code.startswith(f"{fence}sh\nfnnctl train \\\n")
        assert code.endswith(f"\n{fence}")


def test_gates_and_why_a_run_failed_stand_at_the_top_of_a_short_report() -> None:
    passed = short_markdown_report([made()], [replace(GATE, passed=True)])
    assert passed.startswith("# flowers-mlp: completed, all gates passed\n")
    assert short_markdown_report([made()]).startswith("# flowers-mlp: completed\n")
    failed = made(status="failed", failure="training diverged", scores=(), classes=None, sentences=())
    assert short_markdown_report([failed]).startswith("# flowers-mlp: failed\n\ntraining diverged\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_makes_a_short_report_long_or_is_read_as_markup(name: str) -> None:
    text = short_markdown_report([overfull(name)])
    assert len(text.splitlines()) <= 50  # twice as many metrics as any task has
    tokens = READER.parse(text)
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"]
    assert not any(token.type.startswith("html") for token in tokens)
    assert "<script" not in READER.render(text)
    assert inline(text) == f"{fit_name(name, 60)}: completed"


def test_a_usual_short_report_has_at_most_thirty_lines() -> None:
    """A warning is not cut before its advice."""
    warnings = ("one", "two", "three", f"{'the scores are doubtful ' * 20}: try more rows")
    text = short_markdown_report([made(warnings=warnings)])
    assert len(text.splitlines()) <= 30
    assert all(f"- warning: {warning}\n" in text for warning in warnings)


def test_several_runs_are_one_table_in_a_short_report(messages: Messages) -> None:
    one = [made(), made(name="second", warnings=("careful",))]
    messages.check(re.sub("\n+", "\n", short_markdown_report(one)))
    assert "\nRuns 1 and 2 have warnings.\n" in short_markdown_report(one[1:] * 2)


def test_a_short_report_has_the_importances_that_were_asked_for() -> None:
    table = Table("Importance of the columns", ("column", "accuracy −"), (("x_1", "0.5"),))
    text = short_markdown_report([made(replace(block_section(table), is_requested=True))])
    assert "**Importance of the columns**\n\n| column | accuracy − |\n| --- | ---: |\n| x\\_1 | 0.5 |" in text
