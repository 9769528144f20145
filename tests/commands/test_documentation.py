"""`fnnctl help TOPIC` shows the pages of `docs/`."""

from __future__ import annotations

import sys

import pytest

from fnnctl.cli import run
from fnnctl.commands.documentation import topics


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


def test_two_topics_are_no_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "tables", "ci"]) == 2
    assert capsys.readouterr().err.startswith("there is no command or topic 'tables ci'")
