from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fnnctl.report.blocks import Command, Table
from fnnctl.report.document import block_section
from fnnctl.report.formats.fitting import fit_name
from fnnctl.report.formats.markdown import escape, markdown_block, markdown_report, short_markdown_report
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.run import OpenRun
from fnnctl.text import plain_text
from tests.figures import figures_by_records
from tests.report.formats.documents import GATE, HOSTILE, made, overfull

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


def test_what_a_reader_sees() -> None:
    document = made(
        warnings=("column 'id' looks like a row id",),
        scores=("accuracy",),
        classes=None,
        commands={"Train it alone": "fnnctl train a.yaml"},
    )
    assert (
        markdown_report([document], [GATE], Path("runs"))
        == """\
# flowers-mlp

**completed**, started 2026-11-24 13:24:05 UTC, took 1.2 s, in \
[runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1](2026-11-24T13-24-05Z-flowers-mlp-3fa9c1)

## Summary

|  |  |
| --- | --- |
| network | 4 → 16 → 3, 131 parameters |
| data | flowers: 150 rows |

## How good it is

| test part | value | 95 % interval | baseline |
| --- | ---: | ---: | ---: |
| accuracy | 0.9000 | 0.8000–0.9500 | 0.5000 |

## About the scores

- Measured on 30 rows.

## Warnings

- column 'id' looks like a row id

## Train it alone

```sh
fnnctl train a.yaml
```

## Gates

| metric | value | wanted | result |
| --- | ---: | ---: | ---: |
| accuracy | 0.9000 | ≥ 0.95 | missed |
"""
    )


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
        markdown_report([run_document(summarize(run))], (), tmp_path).split("## Warnings")[1]
    )
    paragraph = next(token for token in tokens if token.type == "inline")
    assert "".join(child.content for child in paragraph.children or []) == line


def test_a_fence_is_longer_than_the_backticks_in_it() -> None:
    for inner, fence in (("it's `x`", "```"), ("```\n# title", "````")):
        _, code = markdown_block(Command("Train it", ("fnnctl train", inner)))
        assert code.startswith(f"{fence}sh\nfnnctl train \\\n")
        assert code.endswith(f"\n{fence}")


def test_the_page_of_a_job() -> None:
    text = short_markdown_report([made(warnings=("one",))], [GATE, replace(GATE, passed=True)], Path("runs"))
    assert (
        text
        == """\
# flowers-mlp: completed, 1 of 2 gates missed

| test part | value | 95 % interval | baseline |
| --- | ---: | ---: | ---: |
| accuracy | 0.9000 | 0.8000–0.9500 | 0.5000 |
| balanced accuracy | 0.9000 | 0.8000–0.9500 | 0.5000 |
| f1 macro | 0.9000 | 0.8000–0.9500 | 0.5000 |
| roc auc macro | 0.9000 | 0.8000–0.9500 | 0.5000 |
| log loss | 0.9000 | 0.8000–0.9500 | 0.5000 |

| metric | value | wanted | result |
| --- | ---: | ---: | ---: |
| accuracy | 0.9000 | ≥ 0.95 | missed |
| accuracy | 0.9000 | ≥ 0.95 | passed |

Measured on 30 rows.

- warning: one

| lowest F1 | F1 | precision | recall | rows | most frequent error |
| --- | ---: | ---: | ---: | ---: | --- |
| rose | 0.8000 | 0.7000 | 0.9000 | 12 | 25% taken for tulip |
| tulip | 0.8000 | 0.7000 | 0.9000 | 12 | 25% taken for tulip |
| daisy | 0.8000 | 0.7000 | 0.9000 | 12 | 25% taken for tulip |

Started 2026-11-24 13:24:05 UTC, took 1.2 s, in \
[runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1](2026-11-24T13-24-05Z-flowers-mlp-3fa9c1)
"""
    )


def test_passed_gates_are_in_the_heading_of_a_short_report() -> None:
    text = short_markdown_report([made()], [replace(GATE, passed=True)])
    assert text.startswith("# flowers-mlp: completed, all gates passed\n")
    assert short_markdown_report([made()]).startswith("# flowers-mlp: completed\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_makes_a_short_report_long_or_is_read_as_markup(name: str) -> None:
    text = short_markdown_report([overfull(name)])
    assert len(text.splitlines()) <= 50  # twice as many metrics as any task has
    tokens = READER.parse(text)
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"]
    assert not any(token.type.startswith("html") for token in tokens)
    assert "<script" not in READER.render(text)
    heading = "".join(child.content for child in tokens[1].children or [])
    assert heading == f"{fit_name(name, 60)}: completed"


def test_a_usual_short_report_has_at_most_thirty_lines() -> None:
    text = short_markdown_report([made(warnings=("one", "two", "three", "four"))])
    assert len(text.splitlines()) <= 30
    for warning in ("one", "two", "three", "four"):
        assert f"- warning: {warning}\n" in text


def test_a_warning_is_not_cut_before_its_advice() -> None:
    warning = f"{'the scores are doubtful ' * 20}: try more rows"
    assert f"- warning: {warning}\n" in short_markdown_report([made(warnings=(warning,))])


def test_a_short_report_says_why_a_run_failed() -> None:
    failed = made(status="failed", failure="training diverged", scores=(), classes=None, sentences=())
    lines = short_markdown_report([failed]).splitlines()
    assert lines[:3] == ["# flowers-mlp: failed", "", "training diverged"]


def test_several_runs_are_one_table_in_a_short_report() -> None:
    text = short_markdown_report([made(), made(name="other", warnings=("careful",))])
    assert text.startswith("# 2 runs\n\n|  | test part | accuracy | balanced accuracy |")
    assert "| 2 | other | 0.9000 (0.8000–0.9500) |" in text
    assert "\nRun 2 has warnings.\n" in text
    both = short_markdown_report([made(warnings=("careful",))] * 2)
    assert "\nRuns 1 and 2 have warnings.\n" in both
    assert "\n2. [runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1](" in text


def test_a_short_report_has_the_importances_that_were_asked_for() -> None:
    table = Table("Importance of the columns", ("column", "accuracy −"), (("x_1", "0.5"),))
    text = short_markdown_report([made(replace(block_section(table), is_requested=True))])
    assert "**Importance of the columns**\n\n| column | accuracy − |\n| --- | ---: |\n| x\\_1 | 0.5 |" in text
