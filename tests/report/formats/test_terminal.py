from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from fnnctl.console.output import Output
from fnnctl.report.formats.terminal import section_text, terminal_report
from fnnctl.report.gates import gate_results, parse_gates
from fnnctl.report.sections import Section, TableSection
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import text_document
from fnnctl.store.run import OpenRun
from fnnctl.text import plain_text
from tests.report.kinds import SECTIONS, SHOWN


def rendered(run: OpenRun, *gates: str, width: int = 80, colour: bool = False) -> str:
    summary = summarize(run)
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(terminal_report([text_document(summary)], gate_results(parse_gates(gates), summary)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_a_reader_sees(finished_run: Callable[..., OpenRun]) -> None:
    text = rendered(finished_run(), "accuracy=0.95", "loss=0.5")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "flowers-mlp completed",
        "train test",
        "accuracy 0.9500 0.9000",
        "95 % interval 0.8500–1.0000 0.8000–0.9500",
        "Brier score 0.1250 0.1250",
        "calibration error 0.0625 0.0625",
        "versicolor 0.5000 0.2500 0.3333 – 10",
        "versicolor 2 3",
        "network 6 → 100 → 2",
        "parameters 1,234",
        "best epoch 2",
        "stopped all epochs done",
        "training time 0.457 s",
        "rows 1,150: 1,090 train, 30 validation, 30 test",
        "git commit 4f2a with uncommitted changes",
        "- column 'id' looks like a row id",
        "roc_curve.png ROC curves",
        "calibration.png reliability diagram",
    ):
        assert line in lines
    assert "≥ 0.95" in text
    assert "missed" in text
    assert "≤ 0.5" in text


def test_no_line_is_wider_than_the_terminal_and_piped_text_is_plain(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    run = finished_run(classes=hostile_classes)
    for width in (60, 80, 120):
        text = rendered(run, width=width)
        assert "\x1b" not in text
        assert max(map(cell_len, text.splitlines())) <= width


def test_hostile_classes_are_shown_as_they_are(
    finished_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    text = rendered(finished_run("[/] \x1b[2J$$", hostile_classes), width=200)
    assert "[/] [2J$$  completed" in text
    for name in hostile_classes:
        assert plain_text(name) in text


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
        assert sum(line.endswith("%") for line in text.splitlines()) == 10


def test_short_names_leave_their_room_to_long_ones() -> None:
    rows = (("A", "n" * 30, "cross-validation"), ("B", "n" * 32, "train"))
    console = Console(file=io.StringIO(), width=80)
    console.print(section_text(TableSection("Runs", ("", "name", "kind"), rows, texts=(0, 1, 2)), 80))
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
        Console(file=file, width=80).print(terminal_report([text_document(summarize(finished_run()))]))
    assert "flowers-mlp" in (tmp_path / "out.txt").read_text(encoding=encoding)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: type(section).__name__)
def test_every_kind_of_section_is_shown(section: Section) -> None:
    text = Output().rendered(section_text(section, 200), plain=True)
    assert "\x1b" not in text
    assert text.count(SHOWN) >= 2
