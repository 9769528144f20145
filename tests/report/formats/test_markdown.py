from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fnnctl.report.formats.markdown import escape, markdown_report, markdown_section
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.sections import Section
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import text_document
from fnnctl.store.run import OpenRun
from fnnctl.text import plain_text
from tests.figures import figures_by_records
from tests.report.kinds import SECTIONS, SHOWN

READER = MarkdownIt("gfm-like", {"linkify": False})


def flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *flat(token.children or []))]


def links(text: str, kind: str, attribute: str) -> list[str]:
    tokens = flat(READER.parse(text))
    return [unquote(str(token.attrs[attribute])) for token in tokens if token.type == kind]


def cells(text: str) -> list[str]:
    """The text of every table cell, as rendered by Markdown."""
    tokens = READER.parse(text)
    inner = [tokens[index + 1] for index, token in enumerate(tokens) if token.type in ("td_open", "th_open")]
    return ["".join(child.content for child in token.children or []) for token in inner]


def test_what_a_reader_sees(finished_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    summary = summarize(finished_run())
    gates = gate_results(parse_gates(["accuracy=0.95"]), summary)
    text = markdown_report([text_document(summary)], gates, tmp_path)
    assert text.startswith("# flowers-mlp\n\n**completed**, started 20")
    assert "\n| accuracy | 0.9500 | 0.9000 |\n" in text
    assert "\n|  | train | test |\n| --- | ---: | ---: |\n" in text
    assert "\n- column 'id' looks like a row id\n" in text
    assert re.search(r"\| accuracy \| 0\.9000 \| ≥ 0\.95 \| missed \|\n$", text)


@pytest.mark.parametrize("base", [".", "other folder", "my runs"])
def test_links_lead_from_the_reports_folder_to_the_run(
    finished_run: Callable[..., OpenRun], tmp_path: Path, base: str
) -> None:
    folder = tmp_path / base
    folder.mkdir(exist_ok=True)
    run = finished_run()
    text = markdown_report([text_document(summarize(run))], (), folder)
    pictures = links(text, "image", "src")
    assert [Path(picture).name for picture in pictures] == figures_by_records(run.path)
    targets = links(text, "link_open", "href") + pictures
    assert all((folder / target).exists() for target in targets)
    assert any((folder / target).samefile(run.path) for target in targets)


def test_hostile_text_is_shown_as_it_is(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...], tmp_path: Path
) -> None:
    run = finished_run("- # <b>1.</b> [x](y)", hostile_classes)
    text = markdown_report([text_document(summarize(run))], (), tmp_path)
    shown = cells(text)
    assert {plain_text(name) for name in hostile_classes} <= set(shown)
    assert "\x1b" not in text
    assert {token.type for token in flat(READER.parse(text))}.isdisjoint(
        {"html_block", "html_inline", "em", "s_open"}
    )
    assert "<h1>- # &lt;b&gt;1.&lt;/b&gt; [x](y)</h1>" in READER.render(text)


@given(st.text())
def test_escaped_text_reads_as_itself(text: str) -> None:
    line = plain_text(text).strip()
    assert [cell.strip() for cell in cells(f"| {escape(line)} |\n| --- |\n")] == [
        re.sub(r"\s+", " ", line)
    ] or (cells(f"| {escape(line)} |\n| --- |\n")[0].strip() == line)


def test_a_quoted_command_is_code() -> None:
    html = READER.renderInline(escape("see `fnnctl search *_a_*`, `fnnctl train --set a.b=c` or `_x_`"))
    assert html == "see `fnnctl search *_a_*`, <code>fnnctl train --set a.b=c</code> or `_x_`"


def test_an_address_is_no_link() -> None:
    text = "HTTPS://a.example (http://b.example) _www.c.example ftp://d.example"
    assert escape(text) == (r"HTTPS\://a.example (http\://b.example) \_www\.c.example ftp\://d.example")


@pytest.mark.parametrize(
    "line", ["- item", "1. one", "+ plus", "---", "12) twelve", "=== x", "# title", "> quote"]
)
def test_a_warning_is_one_item(start_run: Callable[..., OpenRun], tmp_path: Path, line: str) -> None:
    run = start_run()
    run.record({"warnings": [line]})
    tokens = READER.parse(
        markdown_report([text_document(summarize(run))], (), tmp_path).split("## Warnings")[1]
    )
    paragraph = next(token for token in tokens if token.type == "inline")
    assert "".join(child.content for child in paragraph.children or []) == line


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: type(section).__name__)
def test_every_kind_of_section_is_shown(section: Section) -> None:
    text = "\n\n".join(markdown_section(section))
    tokens = flat(READER.parse(text))
    assert "\x1b" not in text
    assert not any(token.type.startswith("html") for token in tokens)
    assert "".join(token.content for token in tokens if token.type in {"text", "fence"}).count(SHOWN) >= 2
