"""Where output goes, and what happens if it cannot be written."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from fnnctl.console.output import Output
from tests.program import Program, only_run, read_json

LINE = "a,\x1b[31mred\n"


def test_texts_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(":smile:")
    table.add_row("[bold]a[/] 😄 :warning:")
    Output().render(table)
    text = capsys.readouterr().out
    assert ":smile:" in text
    assert "[bold]a[/] 😄 :warning:" in text


@pytest.mark.figures
def test_sentences_are_broken_to_a_narrow_terminal_and_tables_are_not(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("train", str(iris), "--quiet")
    monkeypatch.setenv("COLUMNS", "44")
    report = program("report", "--verbose").out
    assert all(name in report for name in ("setosa", "versicolor", "virginica"))
    lines = report.splitlines()
    facts = lines[lines.index("Training") :]
    breakable = [line for line in facts if max(map(len, line.split()), default=0) < 20]
    assert len(breakable) > 20  # a path or a digest stays in one piece
    assert max(map(len, breakable)) <= 44
    assert "learning_curve.png" in " ".join(facts)
    assert max(map(len, lines)) > 44  # the metrics of three parts


STARTED = f"{sys.executable} -m fnnctl"
"""The program as users start it."""


def into_full_disk(
    words: str, folder: Path, *, buffered: bool = True, fnnctl: str = STARTED
) -> subprocess.CompletedProcess[str]:
    """Run a command with its standard output on a full disk."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}
    return subprocess.run(
        f"{fnnctl} {words} > /dev/full",
        shell=True, cwd=folder, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


UNWRITABLE = "the output cannot be written: No space left on device"


FIGURES = {"confusion_matrix.png", "roc_curve.png"}


@pytest.mark.parametrize(
    ("options", "figures"), [("", FIGURES), ("--json --no-figures", set()), ("--quiet --no-figures", set())]
)
def test_a_report_that_cannot_be_written_loses_no_run(
    preloaded: Path, iris: Path, tmp_path: Path, options: str, figures: set[str]
) -> None:
    done = into_full_disk(f"train {iris} {options}", tmp_path, fnnctl=str(preloaded))
    run = only_run(tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"{UNWRITABLE}. Nothing is lost: the run is in runs/{run.name}"
    manifest = read_json(run / "manifest.json")
    assert (manifest["status"], manifest["error"]) == ("completed", None)
    assert {"metrics.json", "model.npz", *figures} <= {path.name for path in run.iterdir()}


@pytest.mark.parametrize(
    ("words", "buffered"),
    [("train --help", True), ("--version", False), ("datasets", True), ("datasets --json", False)],
)
def test_output_that_cannot_be_written_is_a_sentence_and_3(
    tmp_path: Path, words: str, buffered: bool
) -> None:
    done = into_full_disk(words, tmp_path, buffered=buffered)
    assert (done.returncode, done.stderr) == (3, f"{UNWRITABLE}\n")


def test_an_error_of_the_system_that_nobody_expects_is_3(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(output: object) -> None:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE), "x.csv")

    monkeypatch.setattr("fnnctl.commands.datasets.datasets", fail)
    done = program("datasets", "--json")
    assert (done.code, done.json["error"]["kind"]) == (3, "machine")
    assert done.json["error"]["message"] == "operating system error: Too many open files in system (x.csv)"
    assert "Traceback" in program("datasets", "--verbose").err


def test_standard_error_that_cannot_be_written_does_no_harm(
    preloaded: Path, iris: Path, tmp_path: Path
) -> None:
    command = f"{preloaded} train {iris} --no-figures 2> /dev/full"
    assert subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "command",
    [f"{STARTED} train --help", "{preloaded} train {iris} --quiet --no-figures"],
    ids=["help", "train"],
)
def test_a_closed_pipe_ends_quietly_with_0(preloaded: Path, iris: Path, tmp_path: Path, command: str) -> None:
    command = f"{command.format(preloaded=preloaded, iris=iris)} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        command, shell=True, executable="/bin/bash", cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("output", "messages"),
    [
        (Output(), ["note", "complaint"]),
        (Output(verbose=True), ["note", "complaint", "detail"]),
        (Output(quiet=True), ["complaint"]),
        (Output(quiet=True, verbose=True), ["complaint", "detail"]),
    ],
)
def test_what_the_options_leave_out(
    output: Output, messages: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output.note("note")
    output.complain("complaint")
    output.detail("detail")
    output.data("data")
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == ("data\n", messages)


def test_a_message_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """It may quote names from any file; data are printed unchanged."""
    output = Output(verbose=True)
    for say in (output.note, output.complain, output.detail, output.data):
        say("two\nlines \x1b[31m\u202e\x9b")
    said = capsys.readouterr()
    assert said.err == "two\nlines \\x1b[31m\\u202e\\x9b\n" * 3
    assert said.out == "two\nlines \x1b[31m\u202e\x9b\n"


def test_a_letter_that_the_stream_does_not_have_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    Output().data("≥ 0.9")
    assert written.getvalue() == b"\\u2265 0.9\n"


@pytest.mark.parametrize(
    ("encoding", "errors"),
    [("utf-8", "strict"), ("utf-8", "surrogateescape"), ("ascii", "strict"), ("utf-16", "strict")],
)
def test_json_is_utf_8_on_every_stream(monkeypatch: pytest.MonkeyPatch, encoding: str, errors: str) -> None:
    """A lone surrogate, which stands for a byte of a file's name, is printed as an escape."""
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding, errors=errors))
    Output().json_object({"run": "é\U0001f600\udcff"})
    assert written.getvalue() == '{\n  "run": "é\U0001f600\\udcff"\n}\n'.encode()
    assert json.loads(written.getvalue()) == {"run": "é\U0001f600\udcff"}


def test_a_stream_closed_before_the_program_began_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    Output().data("data")
    Output().note("note")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "written"), [(Terminal(), "a,\\x1b[31mred\n"), (io.StringIO(), LINE)])
def test_data_cannot_control_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, written: str
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    Output().lines([LINE])
    assert stream.getvalue() == written
