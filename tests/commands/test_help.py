"""`fnnctl help` shows commands, the pages of `docs/`, settings, and what words are about."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from fnnctl.cli import run
from fnnctl.reference.pages import topics


def test_help_shows_a_page_as_markdown_if_it_is_piped(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "training"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# Training\n")
    assert "[Settings]" not in page
    assert "Settings (`fnnctl help settings`) lists all of it" in page


def test_a_page_is_formatted_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["help", "training"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Training" in {line.strip(" ┃") for line in lines[:3]}  # some versions of rich draw a frame
    assert max(map(len, lines)) <= 100


def test_lines_of_code_that_fit_into_the_terminal_are_not_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["help", "tables"]) == 0
    blocks = capsys.readouterr().out.split("```")[1::2]
    wide = {line for block in blocks for line in block.splitlines() if 78 < len(line) <= 80}
    assert wide
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["help", "tables"]) == 0
    assert wide <= set(capsys.readouterr().out.splitlines())


def test_the_help_lists_all_topics(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    words = capsys.readouterr().out.replace(",", " ").split()
    assert set(topics()) <= set(words)


def test_help_shows_a_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "training.l2"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("training.l2\n\nThe λ of the structural risk: ")
    assert "\n  default      0.0001\n" in page


def test_help_shows_what_a_word_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "out-of-bag"]) == 0
    assert capsys.readouterr().out.startswith("Terms:\n  out-of-bag  Of the rows that ")
    assert run(["help", "reduction", "factor"]) == 0
    assert "  search.budget.reduction_factor  η: " in capsys.readouterr().out
    assert run(["help", "prune"]) == 0
    assert "  runs prune  " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tables", "ci"], "nothing is known of 'tables ci'"),
        (["treshold"], "nothing is known of 'treshold' (did you mean 'threshold'?)"),
        ([""], "nothing is known of ''"),
        (["training.epoch"], "training.epoch: unknown setting (did you mean 'epochs'?)"),
        (["optimizer.lr"], "optimizer: unknown setting; it belongs under training"),
        (["training..l2"], "training.: unknown setting"),
        (["a\x1b[31m"], "nothing is known of 'a\\x1b[31m'"),
    ],
)
def test_other_words_are_refused(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert run(["help", *words]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(message)
    assert shown.out == ""


def test_help_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*words: str) -> dict[str, Any]:
        assert run(["help", *words, "--json"]) == 0
        value: dict[str, Any] = json.loads(capsys.readouterr().out)
        return value

    setting = shown("training.batch_size")["setting"]
    assert setting["path"] == "training.batch_size"
    assert setting["default"] == [{"text": "auto", "choices": []}]
    assert setting["recipes"][0]["by_task"]["any task"][0] == {
        "value": 32,
        "most_rows": 1500,
        "is_default": False,
    }
    word = shown("threshold")
    assert word["word"] == "threshold"
    assert word["settings"][0]["name"] == "model.threshold"
    assert shown("tables")["page"] == "tables"
    assert shown("runs", "prune")["text"].startswith("Usage: fnnctl runs prune ")
    assert shown()["command"] == ""


def test_an_unknown_word_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "treshold", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "usage"
