"""`fnnctl help` shows commands, the pages of `docs/`, settings, and what words are about."""

from __future__ import annotations

import sys

import pytest

from fnnctl.reference.pages import topics
from tests.messages import Messages
from tests.program import Program


@pytest.mark.parametrize(
    ("words", "start", "part"),
    [
        ("training", "# Training\n", "Settings (`fnnctl help settings`) lists all of it"),
        ("training.l2", "training.l2\n\nThe λ of the structural risk: ", "\n  default      0.0001\n"),
        ("out-of-bag", "Terms:\n  out-of-bag  Of the rows that ", ""),
        ("reduction factor", "", "  search.budget.reduction_factor  η: "),
        ("prune", "", "  runs prune  "),
    ],
)
def test_what_words_show(program: Program, words: str, start: str, part: str) -> None:
    done = program("help", *words.split())
    assert done.code == 0
    assert done.out.startswith(start)
    assert part in done.out
    assert "[Settings]" not in done.out


def test_the_help_lists_all_topics(program: Program) -> None:
    assert set(topics()) <= set(program("help").out.replace(",", " ").split())


def test_a_page_is_formatted_on_a_terminal(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of code that fit into it are not broken."""
    blocks = program("help", "tables").out.split("```")[1::2]
    wide = {line for block in blocks for line in block.splitlines() if 78 < len(line) <= 80}
    assert wide
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    assert wide <= set(program("help", "tables").out.splitlines())
    monkeypatch.setenv("COLUMNS", "200")
    lines = program("help", "training").out.splitlines()
    assert "Training" in {line.strip(" ┃") for line in lines[:3]}  # some versions of rich draw a frame
    assert max(map(len, lines)) <= 100


def test_other_words_are_refused(program: Program, messages: Messages) -> None:
    words = ("tables ci", "treshold", "", "training.epoch", "optimizer.lr", "training..l2", "a\x1b[31m")
    for word in words:
        done = program("help", word)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)
    assert program("help", "treshold", "--json").json["error"]["kind"] == "usage"


def test_help_as_json(program: Program) -> None:
    setting = program("help", "training.batch_size", "--json").json["setting"]
    assert setting["path"] == "training.batch_size"
    assert setting["default"] == [{"text": "auto", "choices": []}]
    smallest = setting["recipes"][0]["by_task"]["any task"][0]
    assert smallest == {"value": 32, "most_rows": 1500, "is_default": False}
    word = program("help", "threshold", "--json").json
    assert (word["word"], word["settings"][0]["name"]) == ("threshold", "model.threshold")
    assert program("help", "tables", "--json").json["page"] == "tables"
    prune = program("help", "runs", "prune", "--json").json
    assert prune["text"].startswith("Usage: fnnctl runs prune ")
    assert program("help", "--json").json["command"] == ""
