"""Files of new rows: errors are reported; any size, any column order and standard input work."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tests.commands.tables import HEADER, ROW, train
from tests.program import Done, Program, only_run
from tests.waiting import DEADLINE, await_true

FNNCTL = [sys.executable, "-m", "fnnctl"]


def refused(trained: Path, program: Program, content: str | bytes, *options: str) -> Done:
    path = Path("new.csv")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    done = program("predict", str(only_run(trained)), "new.csv", *options)
    assert (done.code, done.out) == (2, "")
    return done


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + ROW + ROW.replace("190", "long"), "new.csv:3: column 'flipper_length_mm': 'long' is not a"),
        (HEADER + ROW.replace("41", "4_0"), "new.csv:2: column 'bill_length_mm': '4_0' has an underscore"),
        (HEADER + ROW.replace("41", '"4,0"'), "new.csv:2: column 'bill_length_mm': '4,0' has a comma"),
        (HEADER + ROW.replace("41", "inf"), "new.csv:2: column 'bill_length_mm': 'inf' is not a finite"),
        (HEADER + "Biscoe,4\n", "new.csv:2: the row has 2 values, but the header has 7 names"),
        (HEADER.replace("sex", "Sex") + ROW, "new.csv:1: the column 'sex' is missing (did you mean 'Sex'?)"),
        (HEADER.replace("sex", "year") + ROW, "new.csv:1: columns 6 and 7 have the same name 'year'"),
        (HEADER.replace(",", ":") + ROW, "new.csv:1: the header has only one column, 'island:bill_"),
        (ROW.replace("Biscoe", "1").replace("male", "2"), "new.csv:1: the first line must name the columns"),
        ("", "new.csv: the file is empty"),
        (HEADER.encode("utf-16") + b"\x00\xdc", "new.csv:2: the byte 0x00 is not utf-16: set --encoding"),
        (HEADER.encode() + b"\xe9" + ROW.encode(), "new.csv:2: the byte 0xe9 is not utf-8: set --encoding"),
        (b"\x1f\x8bnonsense", "new.csv: the gzip file is damaged"),
        (b"PK\x03\x04....", "new.csv: this is an Excel workbook"),
        (HEADER + ROW + "Dream,1e300,-1e308,1e308,-1e308,male,1e308\n", "new.csv: the values of row 1"),
    ],
)  # fmt: skip
def test_wrong_input_is_named(trained: Path, program: Program, content: str | bytes, message: str) -> None:
    assert refused(trained, program, content).err.startswith(message)


def test_every_missing_column_and_every_column_with_text_is_named(trained: Path, program: Program) -> None:
    told = refused(trained, program, "island,year\nBiscoe,2008\n").err.splitlines()
    assert len(told) == 5
    assert told[-1] == "new.csv:1: the column 'sex' is missing"
    told = refused(trained, program, HEADER + ROW.replace("41", "x").replace("2008", "y")).err.splitlines()
    assert [line.split(": ")[1] for line in told] == ["column 'bill_length_mm'", "column 'year'"]


def test_a_late_fault_leaves_the_file_as_it_was(trained: Path, program: Program) -> None:
    Path("out.csv").write_text("mine")
    told = refused(trained, program, HEADER + 5000 * ROW + ROW.replace("41", "x"), "-o", "out.csv").err
    assert told == "new.csv:5002: column 'bill_length_mm': 'x' is not a number\n"
    assert Path("out.csv").read_text() == "mine"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["new.csv", "out.csv"]


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


def test_a_header_alone_gives_a_header(trained: Path, program: Program) -> None:
    Path("new.csv").write_text(HEADER)
    done = program("predict", str(only_run(trained)), "new.csv")
    assert (done.code, done.out) == (0, "row,prediction,p_Adelie,p_Chinstrap,p_Gentoo\n")


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
        command = [*FNNCTL, "predict", str(run), "-"]
        done = subprocess.run(command, input=content, capture_output=True, check=True)
        assert done.stdout.decode() == expected
    command = [*FNNCTL, "predict", str(run), "-"]
    done = subprocess.run(command, input=b"island\nBiscoe\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"standard input:1: 6 of the 7 columns that the network needs are missing")


def test_a_closed_pipe_ends_it_quietly_whatever_is_to_come(trained: Path) -> None:
    """Endless input is read only while the predictions are read."""
    endless = "import sys\nprint(sys.argv[1])\nwhile True: print(sys.argv[2])"
    rows = subprocess.Popen(
        [sys.executable, "-c", endless, HEADER.strip(), ROW.strip()],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    predict = subprocess.Popen(
        [*FNNCTL, "predict", str(only_run(trained)), "-"],
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


def test_a_signal_leaves_no_half_written_file(trained: Path, tmp_path: Path) -> None:
    command = [*FNNCTL, "predict", str(only_run(trained)), "-", "-o", str(tmp_path / "out.csv")]
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


def test_a_file_that_ends_too_soon_is_named(trained: Path, program: Program) -> None:
    """The error names the input file that is being read, not the output."""
    whole = gzip.compress((HEADER + 5000 * ROW).encode(), mtime=0)
    Path("new.csv.gz").write_bytes(whole[:-20])
    for options in ((), ("-o", "out.csv")):
        done = program("predict", str(only_run(trained)), "new.csv.gz", *options)
        assert done.code == 2
        assert done.err.startswith("new.csv.gz: the gzip file is damaged")
    assert not Path("out.csv").exists()


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


def test_usage(trained: Path, program: Program) -> None:
    run = str(only_run(trained))
    assert program("predict", run).err.endswith("is a run: also name the rows to predict\n")
    Path("data.csv").write_text(HEADER)
    missing = program("predict", run, "dta.csv")
    assert (missing.code, missing.err) == (
        2, "DATA: there is no file 'dta.csv' (did you mean 'data.csv'?)\n",
    )  # fmt: skip
    assert program("predict", run, ".").err.startswith(".: there is no file X.npy; a data folder contains")
    assert program("predict", "nope", "data.csv").code == 2
