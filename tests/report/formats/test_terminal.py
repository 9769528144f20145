from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from fnnctl.console.output import Output
from fnnctl.report.blocks import Table
from fnnctl.report.formats.terminal import block_text, terminal_report
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.run import OpenRun
from tests.report.formats.documents import made


def rendered(run: OpenRun, *, width: int = 80, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(terminal_report([run_document(summarize(run))]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_no_line_is_wider_than_the_terminal_and_piped_text_is_plain(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    """Many classes with long names leave their numbers in sight."""
    run = finished_run(classes=(*hostile_classes, *(f"{k} {'x' * 200}" for k in range(20))))
    for width in (60, 80, 120):
        text = rendered(run, width=width)
        assert "\x1b" not in text
        assert max(map(cell_len, text.splitlines())) <= width
    assert "the 10 lowest F1 of 30" in text
    _, pairs = text.split("the 10 most frequent pairs of 870")
    assert sum(line.endswith("%") for line in pairs.splitlines()) == 10


@pytest.mark.parametrize(("width", "room"), [(80, 24), (120, 48), (None, 60)])
def test_names_that_are_not_broken_are_shortened(width: int | None, room: int) -> None:
    table = Table("Columns", ("column", "kind"), (("n" * 60, "numeric"),), texts=(0, 1), unbroken=(0,))
    line = Output().rendered(block_text(table, width), plain=True).splitlines()[-1]
    assert len(line.split()[0]) == room


def test_short_names_leave_their_room_to_long_ones() -> None:
    rows = (("A", "n" * 30, "cross-validation"), ("B", "n" * 32, "train"))
    table = Table("Runs", ("", "name", "kind"), rows, texts=(0, 1, 2))
    text = Output().rendered(block_text(table, 80), plain=True)
    assert "cross-validation\n" in text
    assert "n" * 30 in text
    assert "n" * 32 not in text


def test_on_a_terminal_the_status_has_a_colour(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert "\x1b[36mrunning\x1b[0m" in rendered(run, colour=True)
    os.close(run.lock)
    assert "\x1b[31mdied\x1b[0m" in rendered(run, colour=True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_encoding_gets_the_report(tmp_path: Path, encoding: str) -> None:
    with (tmp_path / "out.txt").open("w", encoding=encoding, errors="replace") as file:
        Console(file=file, width=80).print(terminal_report([made()]))
    assert "flowers-mlp" in (tmp_path / "out.txt").read_text(encoding=encoding)
