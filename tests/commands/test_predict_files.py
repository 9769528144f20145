"""Files of new rows: errors are reported; any size, any column order and standard input work."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tests.commands.tables import HEADER, ROW, train
from tests.messages import Messages
from tests.program import Program, only_run, standard_input
from tests.waiting import DEADLINE, await_true

WRONG: dict[str, str | bytes] = {
    "a text among numbers": HEADER + ROW + ROW.replace("190", "long"),
    "a text far below": HEADER + 5000 * ROW + ROW.replace("41", "x"),
    "texts in two columns": HEADER + ROW.replace("41", "x").replace("2008", "y"),
    "few values": HEADER + "Biscoe,4\n",
    "few columns": "island,year\nBiscoe,2008\n",
    "another spelling of a column": HEADER.replace("sex", "Sex") + ROW,
    "another delimiter": HEADER.replace(",", ":") + ROW,
    "no header": ROW.replace("Biscoe", "1").replace("male", "2"),
    "nothing": "",
    "half of UTF-16": HEADER.encode("utf-16") + b"\x00\xdc",
    "another encoding": HEADER.encode() + b"\xe9" + ROW.encode(),
    "half a gzip file": gzip.compress((HEADER + 5000 * ROW).encode(), mtime=0)[:-20],
    "an Excel workbook": b"PK\x03\x04....",
    "values that are too large": HEADER + ROW + "Dream,1e300,-1e308,1e308,-1e308,male,1e308\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_leave_the_output_as_it_was(
    trained: Path, program: Program, messages: Messages, name: str
) -> None:
    content = WRONG[name]
    Path("new.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    Path("out.csv").write_text("mine")
    done = program("predict", str(only_run(trained)), "new.csv", "-o", "out.csv")
    assert (done.code, done.out) == (2, "")
    messages.check(done.err)
    assert Path("out.csv").read_text() == "mine"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["new.csv", "out.csv"]


def test_rows_that_are_not_there(trained: Path, program: Program, messages: Messages) -> None:
    Path("data.csv").write_text(HEADER)
    for words in (
        ("dta.csv",),
        (".",),
        ("data.csv", "--encoding", "utf9"),
        ("data.csv", "--keep", "Sex,note"),
    ):
        done = program("predict", str(only_run(trained)), *words)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)
    assert program("predict", "nope", "data.csv").code == 2


def test_unused_columns_and_unseen_values_are_noted(trained: Path, program: Program) -> None:
    rows = [ROW.replace("Biscoe", island).strip() + ",7\n" for island in ("Biscoe", "Elba", "Elba", "Capri")]
    Path("new.csv").write_text(HEADER.strip() + ",id\n" + "".join(rows))
    done = program("predict", str(only_run(trained)), "new.csv")
    assert done.code == 0
    assert done.err.splitlines() == [
        "new.csv: a column is ignored, because the network was not trained with it: 'id'",
        "new.csv: in 3 rows the column 'island' has a value that does not occur in the training data "
        "(the first is 'Elba'): none of the column's features is set there",
    ]
    assert program("predict", str(only_run(trained)), "new.csv", "--quiet").err == ""
    known, elba, _, capri = (row.partition(",")[2] for row in done.out.splitlines()[1:])
    assert known != elba == capri


def test_the_output_file_and_json(trained: Path, program: Program) -> None:
    run = str(only_run(trained))
    Path("new.csv").write_text(HEADER + ROW)
    printed = program("predict", run, "new.csv").out
    assert program("predict", run, "new.csv", "--output", "out.csv").out == ""
    assert Path("out.csv").read_text() == printed
    assert program("predict", run, "new.csv", "-o", "-").out == printed
    told = program("predict", run, "new.csv", "-o", "out.csv", "--json")
    assert told.json == {"run": run, "output": "out.csv"}
    done = program("predict", run, "new.csv", "--json")
    assert (done.code, done.json["error"]["kind"]) == (2, "usage")
    same = program("predict", run, "new.csv", "-o", "./new.csv")
    assert (same.code, same.err) == (
        2, "'new.csv' holds the rows to predict and is not overwritten; name another file\n",
    )  # fmt: skip
    assert Path("new.csv").read_text() == HEADER + ROW


def test_the_file_is_written_as_the_training_data_were(program: Program, tmp_path: Path) -> None:
    text = "größe:art:note\n" + "".join(f"{k}:{'äö'[k % 2]}:{'-' if k % 7 else 1}\n" for k in range(60))
    (tmp_path / "data.csv").write_text(text, encoding="utf-16")
    form = {"data.delimiter": "':'", "data.encoding": "utf-16", "data.missing_values": "['-']"}
    run = train(program, tmp_path / "data.csv", form, target="art")
    done = program("predict", str(run), "data.csv")
    assert (done.code, done.out.splitlines()[0]) == (0, "row,prediction,p_ä,p_ö")
    (tmp_path / "new.csv").write_text(text.replace(":", "\t"), encoding="utf-8")
    wrong = program("predict", str(run), "new.csv", "--encoding", "utf-8")
    assert wrong.err.endswith("but 2 are needed: is --delimiter right?\n")
    for tab in ("tab", "\\t", "\t"):
        other = program("predict", str(run), "new.csv", "--encoding", "utf-8", "--delimiter", tab)
        assert other.out == done.out
    assert program("predict", str(run), "new.csv", "--delimiter", "::").err.startswith("--delimiter '::':")
    unknown = program("predict", str(run), "new.csv", "--encoding", "utf9")
    assert unknown.err == "--encoding: 'utf9' is not an encoding (did you mean 'utf-8'?)\n"


def test_standard_input(trained: Path, program: Program) -> None:
    run, data = only_run(trained), trained / "penguins.csv"
    expected = program("predict", str(run), str(data)).out
    for content in (data.read_bytes(), gzip.compress(data.read_bytes())):
        with standard_input(content):
            assert program("predict", str(run), "-").out == expected
    with standard_input(b"island\nBiscoe\n"):
        done = program("predict", str(run), "-")
    assert done.code == 2
    assert done.err.startswith("standard input:1: 6 of the 7 columns that the network needs are missing")


def test_a_closed_pipe_ends_it_quietly_whatever_is_to_come(preloaded: Path, trained: Path) -> None:
    """Endless input is read only while the predictions are read."""
    endless = "import sys\nprint(sys.argv[1])\nwhile True: print(sys.argv[2])"
    rows = subprocess.Popen(
        [sys.executable, "-c", endless, HEADER.strip(), ROW.strip()],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    predict = subprocess.Popen(
        [str(preloaded), "predict", str(only_run(trained)), "-"],
        stdin=rows.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert rows.stdout is not None
    assert predict.stdout is not None
    assert predict.stderr is not None
    rows.stdout.close()
    with predict, rows:
        assert predict.stdout.readline() == b"row,prediction,p_Adelie,p_Chinstrap,p_Gentoo\n"
        predict.stdout.close()
        assert predict.wait(timeout=DEADLINE) == 0
        assert predict.stderr.read() == b""
        rows.kill()


def test_a_signal_leaves_no_half_written_file(preloaded: Path, trained: Path, tmp_path: Path) -> None:
    command = [str(preloaded), "predict", str(only_run(trained)), "-", "-o", str(tmp_path / "out.csv")]
    predict = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert predict.stdin is not None
    assert predict.stderr is not None
    with predict:
        predict.stdin.write((HEADER + 5000 * ROW).encode())
        predict.stdin.flush()
        await_true(lambda: list(tmp_path.iterdir()))
        predict.terminate()
        assert predict.wait(timeout=DEADLINE) == 143
        assert predict.stderr.read() == b"interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_file(
    trained: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.data.tables.csv_file.SMALL_BYTES", 0)
    monkeypatch.setattr("fnnctl.data.tables.csv_file.CHUNK_BYTES", 2**15)

    def peak(rows: int) -> int:
        Path("new.csv").write_text(HEADER + rows * ROW)
        tracemalloc.start()
        assert program("predict", str(only_run(trained)), "new.csv", "-o", "out.csv").code == 0
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # imports stay in memory
    assert peak(30_000) < 1.5 * peak(3_000)
