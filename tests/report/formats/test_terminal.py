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
from tests.report.formats.documents import GATE, made, worst


def rendered(run: OpenRun, *, width: int = 80, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(terminal_report([run_document(summarize(run))]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_a_reader_sees() -> None:
    document = made(
        warnings=("column 'id' looks like a row id",),
        scores=("accuracy",),
        classes=worst("rose"),
        commands={"Train it alone": "fnnctl train a.yaml"},
    )
    text = Output().rendered(terminal_report([document], [GATE], width=80), plain=True)
    assert [line.rstrip() for line in text.splitlines()] == [
        "flowers-mlp  completed",
        "runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1",
        "started 2026-11-24 13:24:05 UTC, took 1.2 s",
        "",
        "Summary",
        "  network  4 → 16 → 3, 131 parameters",
        "  data     flowers: 150 rows",
        "",
        "How good it is",
        "  test part    value   95 % interval   baseline",
        "  ─────────────────────────────────────────────",
        "  accuracy    0.9000   0.8000–0.9500     0.5000",
        "",
        "About the scores",
        "  - Measured on 30 rows.",
        "",
        "Warnings",
        "  - column 'id' looks like a row id",
        "",
        "The lowest F1",
        "  lowest F1       F1   precision   recall   rows   most frequent error",
        "  ────────────────────────────────────────────────────────────────────",
        "  rose        0.8000      0.7000   0.9000     12   25% taken for tulip",
        "",
        "Train it alone",
        "  fnnctl train a.yaml",
        "",
        "",
        "Gates",
        "  metric      value   wanted   result",
        "  ───────────────────────────────────",
        "  accuracy   0.9000   ≥ 0.95   missed",
    ]


def test_no_line_is_wider_than_the_terminal_and_piped_text_is_plain(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    run = finished_run(classes=hostile_classes)
    for width in (60, 80, 120):
        text = rendered(run, width=width)
        assert "\x1b" not in text
        assert max(map(cell_len, text.splitlines())) <= width


def test_many_classes_with_long_names_leave_their_numbers_in_sight(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    run = finished_run(classes=(*hostile_classes, *(f"{k} {'x' * 200}" for k in range(20))))
    for width in (80, 120):
        text = rendered(run, width=width)
        assert "\x1b" not in text
        assert max(map(cell_len, text.splitlines())) <= width
        assert "the 10 lowest F1 of 30" in text
        assert "the 10 most frequent pairs of 870" in text
        pairs = text.split("the 10 most frequent pairs of 870")[1]
        assert sum(line.endswith("%") for line in pairs.splitlines()) == 10


@pytest.mark.parametrize(("width", "room"), [(80, 24), (120, 48), (None, 60)])
def test_names_that_are_not_broken_are_shortened(width: int | None, room: int) -> None:
    table = Table("Columns", ("column", "kind"), (("n" * 60, "numeric"),), texts=(0, 1), unbroken=(0,))
    line = Output().rendered(block_text(table, width), plain=True).splitlines()[-1]
    assert len(line.split()[0]) == room


def test_short_names_leave_their_room_to_long_ones() -> None:
    rows = (("A", "n" * 30, "cross-validation"), ("B", "n" * 32, "train"))
    console = Console(file=io.StringIO(), width=80)
    console.print(block_text(Table("Runs", ("", "name", "kind"), rows, texts=(0, 1, 2)), 80))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "cross-validation\n" in text
    assert "n" * 30 in text
    assert "n" * 32 not in text


def test_on_a_terminal_the_status_has_a_colour(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert "\x1b[36mrunning\x1b[0m" in rendered(run, colour=True)
    os.close(run.lock)
    assert "\x1b[31mdied\x1b[0m" in rendered(run, colour=True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_encoding_gets_the_report(
    finished_run: Callable[..., OpenRun], tmp_path: Path, encoding: str
) -> None:
    with (tmp_path / "out.txt").open("w", encoding=encoding, errors="replace") as file:
        Console(file=file, width=80).print(terminal_report([run_document(summarize(finished_run()))]))
    assert "flowers-mlp" in (tmp_path / "out.txt").read_text(encoding=encoding)
