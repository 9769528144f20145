"""What every format promises, for every kind of block: it is shown as it is, or left out on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fnnctl.console.output import Output
from fnnctl.report.blocks import Block, Command, Excerpt, Facts, Figure, Files
from fnnctl.report.document import Document, block_section
from fnnctl.report.formats.registry import FORMATS, HTML, JSON, SHORT_FORMATS, Report
from fnnctl.report.gates import GateResult
from tests.messages import Messages
from tests.report.formats.documents import GATE, RUN, made
from tests.report.html.checked import checked
from tests.report.kinds import BLOCKS, HOSTILE, SHOWN

READER = MarkdownIt("gfm-like", {"linkify": False})
FORMS: Final = [
    *((name, False) for name in FORMATS if name != JSON),
    *((name, True) for name in SHORT_FORMATS),
]
"""The formats of documents, and whether the report is short."""
LEFT_OUT: Final[dict[tuple[str, bool], tuple[type[Block], ...]]] = {
    ("terminal", False): (Figure,),
    ("terminal", True): (Figure,),
    ("markdown", False): (Figure,),
    # Who reads the page of a CI job has the run's folder, and no terminal.
    ("markdown", True): (Figure, Facts, Files, Command, Excerpt),
}


def report(*documents: Document, results: Sequence[GateResult] = ()) -> Report:
    return Report(lambda _: documents, dict, results)


def text_of(
    form: tuple[str, bool], *documents: Document, width: int = 1000, results: Sequence[GateResult] = ()
) -> str:
    name, short = form
    made_report = report(*documents, results=results)
    if name == "terminal":
        return Output().rendered(made_report.terminal(width, short=short), plain=True)
    return made_report.text(name, Path("runs"), short=short)


def form_name(form: tuple[str, bool]) -> str:
    return f"short {form[0]}" if form[1] else form[0]


def flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *flat(token.children or []))]


def as_read(name: str, text: str) -> str:
    """The text that a reader sees; fails if a part of it is read as markup."""
    assert "\x1b" not in text
    match name:
        case "markdown":
            tokens = flat(READER.parse(text))
            assert not any(token.type.startswith("html") for token in tokens)
            return "\n".join(token.content for token in tokens if token.type in {"text", "fence"})
        case "html":
            return "".join(data for tag, data in checked(text).texts if tag != "style")
    return text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_every_kind_of_block_is_shown_as_it_is(form: tuple[str, bool], block: Block) -> None:
    """Complete reports show its title, too."""
    name, short = form
    without = as_read(name, text_of(form, Document(HOSTILE, "", ())))
    shown = as_read(name, text_of(form, Document(HOSTILE, "", (block_section(block),))))
    assert without.count(SHOWN) >= 1
    more = shown.count(SHOWN) - without.count(SHOWN)
    assert more >= (0 if isinstance(block, LEFT_OUT.get(form, ())) else 1 if short else 2)
    assert more == 0 or not isinstance(block, LEFT_OUT.get(form, ()))


@pytest.mark.parametrize("form", [form for form in FORMS if form[0] != HTML], ids=form_name)
def test_what_a_reader_sees(form: tuple[str, bool], messages: Messages) -> None:
    """Empty lines are shown as ·, and one document of several kinds of blocks stands for all."""
    warnings = ("column 'id' looks like a row id",)
    commands = {"Train it alone": "fnnctl train a.yaml"}
    document = made(warnings=warnings, scores=("accuracy", "log loss"), commands=commands)
    text = text_of(form, document, width=80, results=[GATE, replace(GATE, passed=True)])
    messages.check("\n".join(line.rstrip() or "·" for line in text.rstrip("\n").split("\n")))


@pytest.mark.parametrize("form", FORMS)
def test_a_run_has_its_status_its_folder_and_its_time(form: tuple[str, bool]) -> None:
    text = as_read(form[0], text_of(form, made(status="interrupted")))
    assert all(word in text for word in ("flowers-mlp", "interrupted", str(RUN)))
    assert "tarted 2026-11-24 13:24:05 UTC, took 1.2 s" in text


@pytest.mark.parametrize("form", FORMS)
def test_several_runs_are_all_named(form: tuple[str, bool]) -> None:
    text = as_read(form[0], text_of(form, made(name="first"), made(name="second")))
    assert all(name in text for name in ("first", "second"))
