"""What `predict` writes of each row: kept columns, rounded numbers, the most probable classes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.commands.tables import HEADER, ROW, penguins, table_of, train, write_table
from tests.program import Program, only_run

FIELDS = ["=1+1", " ", "x,y", 'say "hi"', "two\nlines", "\r", "0010", "ä"]
"""Texts that must arrive unchanged."""


def with_fields(path: Path, count: int) -> list[str]:
    """Write rows with a column `note` that no network knows, and return its texts."""
    notes = [FIELDS[k % len(FIELDS)] for k in range(count)]
    with path.open("w", newline="") as file:
        file.write("note," + HEADER)
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(
            [note, *ROW.strip().replace("41", str(30 + k % 20)).split(",")] for k, note in enumerate(notes)
        )
    return notes


def test_texts_are_kept_as_they_are_in_the_file(trained: Path, program: Program) -> None:
    """Over several blocks and batches."""
    notes = with_fields(Path("new.csv"), 3000)
    run = str(only_run(trained))
    plain = program("predict", run, "new.csv", "--quiet").out
    done = program("predict", run, "new.csv", "--keep", "sex,note", "--keep", "bill_length_mm")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("row,sex,note,bill_length_mm,prediction,p_Adelie,p_Chinstrap,p_Gentoo\n")
    rows = table_of(done.out)
    assert [row["note"] for row in rows] == notes
    assert [row["bill_length_mm"] for row in rows] == [str(30 + k % 20) for k in range(3000)]
    for row in rows:
        del row["sex"], row["note"], row["bill_length_mm"]
    assert rows == table_of(plain)


def test_all_columns_are_kept_in_the_order_of_the_file(trained: Path, program: Program) -> None:
    Path("new.csv").write_text("prediction,row," + HEADER + "x,y," + ROW)
    done = program("predict", str(only_run(trained)), "new.csv", "--keep", "all")
    names = f"row,input_prediction,input_row,{HEADER.strip()},prediction,p_Adelie,p_Chinstrap,p_Gentoo"
    assert done.out.splitlines()[0] == names
    assert done.out.splitlines()[1].startswith(f"0,x,y,{ROW.strip()},")
    assert done.err.splitlines() == [
        "new.csv: the column 'prediction' is called 'input_prediction' in the output",
        "new.csv: the column 'row' is called 'input_row' in the output",
    ]


def test_the_progress_of_reading_is_told_if_it_takes_long(
    trained: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.console.progress.SECONDS_BETWEEN_LINES", 0.0)
    run = str(only_run(trained))
    data = str(trained / "penguins.csv")
    for arguments in (["predict", run, data], ["evaluate", run, "--data", data, "--no-figures"]):
        assert f"reading {data}: 100 %" in program(*arguments).err.splitlines()
        assert f"reading {data}" not in program(*arguments, "--quiet").err


def test_a_header_alone(trained: Path, program: Program) -> None:
    Path("new.csv").write_text(HEADER)
    done = program("predict", str(only_run(trained)), "new.csv", "--keep", "sex", "--top", "1")
    assert (done.code, done.out) == (0, "row,sex,prediction,top_1,p_top_1\n")


@pytest.mark.parametrize("digits", ["0", "3", "17"])
def test_rounding_changes_no_class(trained: Path, program: Program, digits: str) -> None:
    run, data = str(only_run(trained)), str(trained / "penguins.csv")
    exact = table_of(program("predict", run, data).out)
    rounded = table_of(program("predict", run, data, "--digits", digits, "--keep", "bill_depth_mm").out)
    columns = [name for name in exact[0] if name.startswith("p_")]
    for row, full in zip(rounded, exact, strict=True):
        assert row["prediction"] == full["prediction"]
        assert [row[name] for name in columns] == [f"{float(full[name]):.{digits}f}" for name in columns]
    assert rounded[0]["bill_depth_mm"] == "18.7"


def test_the_most_probable_classes(trained: Path, program: Program) -> None:
    run, data = str(only_run(trained)), str(trained / "penguins.csv")
    exact = table_of(program("predict", run, data).out)
    best = table_of(program("predict", run, data, "--top", "2").out)
    assert list(best[0]) == ["row", "prediction", "top_1", "p_top_1", "top_2", "p_top_2"]
    for row, full in zip(best, exact, strict=True):
        assert row["prediction"] == row["top_1"] == full["prediction"]
        of_class = sorted((float(p) for name, p in full.items() if name.startswith("p_")), reverse=True)
        assert [float(row["p_top_1"]), float(row["p_top_2"])] == of_class[:2]
        assert float(full[f"p_{row['top_2']}"]) == of_class[1]
    more = program("predict", run, data, "--top", "5", "--digits", "2").out.splitlines()
    assert more[0].endswith("p_top_3")
    assert all(len(field) == 4 for field in more[1].split(",")[3::2])


def test_a_regression_is_rounded_and_has_no_most_probable_classes(program: Program, tmp_path: Path) -> None:
    names, rows = penguins()
    data = write_table(tmp_path / "rows.csv", names, [row for row in rows if row["body_mass_g"] != "NA"])
    run = str(train(program, data, {"data.task": "regression"}, target="body_mass_g"))
    exact = table_of(program("predict", run, str(data)).out)
    rounded = table_of(program("predict", run, str(data), "--digits", "1", "--keep", "body_mass_g").out)
    assert [row["prediction"] for row in rounded] == [f"{float(row['prediction']):.1f}" for row in exact]
    assert rounded[0]["body_mass_g"] == "3750"
    done = program("predict", run, str(data), "--top", "2")
    assert (done.code, done.err) == (2, "--top is for classes, and a regression has none: leave it out\n")


def test_numbers_of_arrays_are_kept(program: Program, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    x[3, 1] = np.nan
    np.savez(tmp_path / "data.npz", X=x, y=np.arange(60) % 2, feature_names=["u", "v"])
    (tmp_path / "data.yaml").write_text("data: {source: data.npz}\nrecipe: classic\ntraining: {epochs: 1}\n")
    assert program("train", "data.yaml", "--quiet").code == 0
    done = program("predict", "latest", "data.npz", "--keep", "v,u", "--digits", "1", "--quiet")
    rows = table_of(done.out)
    assert list(rows[0]) == ["row", "v", "u", "prediction", "p_0", "p_1"]
    assert [row["u"] for row in rows] == [str(number) for number in x[:, 0]]
    assert rows[3]["v"] == ""
    wrong = program("predict", "latest", "data.npz", "--keep", "w")
    assert (wrong.code, wrong.err) == (2, "data.npz: X: there is no column 'w' to keep\n")
