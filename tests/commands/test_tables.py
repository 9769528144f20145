"""describe, init --data, and the way from a table to a trained network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from fnnctl.config.reading.loading import load_config
from fnnctl.config.schema.data import DataConfig
from tests.program import Program

ROWS = 60
QUICK = ("--set", "training.epochs=1", "--set", "model.ensemble=1", "--no-figures")


def write(path: Path, header: str, rows: Iterable[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def written_data(folder: Path) -> DataConfig:
    return load_config(folder / "fnnctl.yaml").experiment.data


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    rows = (f"T{row:03},{row / 4},{'sand' if row % 3 else 'loam'},{'good' if row % 4 else 'poor'}"
            for row in range(ROWS))  # fmt: skip
    return write(tmp_path / "trees.csv", "tree,height,soil,harvest", rows)


def test_describe_prints_every_format(program: Program, trees: Path, tmp_path: Path) -> None:
    done = program("describe", "trees.csv")
    assert (done.code, done.err) == (0, "")
    assert "60 rows, 4 columns" in done.out
    assert "fnnctl init --data trees.csv --target harvest" in done.out
    value = program("describe", "trees.csv", "--target", "harvest", "--json").json
    kinds = [column["kind"] for column in value["columns"]]
    assert kinds == ["text", "numeric", "categorical", "categorical"]
    assert (value["rows"], value["target"], value["task"]) == (60, "harvest", "classification")
    assert program("describe", "trees.csv", "-o", "d.md").out == ""
    assert (tmp_path / "d.md").read_text().startswith("# trees.csv\n")
    assert program("describe", "trees.csv", "--format", "markdown").out == (tmp_path / "d.md").read_text()
    assert program("describe", "trees.csv", "-o", "d.json").code == 0
    assert json.loads((tmp_path / "d.json").read_text())["rows"] == 60
    assert program("describe", "trees.csv", "--json", "--format", "markdown").code == 2


def test_describe_refuses_what_it_cannot_read(program: Program, trees: Path) -> None:
    done = program("describe", "tree.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("there is no file 'tree.csv'")
    assert "did you mean 'harvest'?" in program("describe", "trees.csv", "--target", "harvst").err
    assert program("describe", "trees.csv", "--delimiter", ";;").code == 2
    assert program("describe").code == 2


def test_two_commands_train_a_table(program: Program, trees: Path, tmp_path: Path) -> None:
    done = program("init", "--data", "trees.csv", "--target", "harvest")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        "target 'harvest': 2 classes: good (45), poor (15)",
        "left out 1 column: 'tree' (nearly all its values are different texts)",
        "wrote fnnctl.yaml; now run `fnnctl train`, or `fnnctl search --time-limit 300`, which also looks "
        "for better settings",
    ]
    data = written_data(tmp_path)
    assert (data.source, data.target, data.columns.ignore) == ("trees.csv", "harvest", ("tree",))
    checked = program("check")
    assert (checked.code, "warning" in checked.err) == (0, False)
    assert program("train", "--quiet", *QUICK).code == 0


def test_init_never_overwrites(program: Program, trees: Path, tmp_path: Path) -> None:
    (tmp_path / "fnnctl.yaml").write_text("mine")
    done = program("init", "--data", "trees.csv", "--target", "harvest")
    assert (done.code, "overwritten" in done.err) == (2, True)
    assert (tmp_path / "fnnctl.yaml").read_text() == "mine"
    answer = program("init", "other.yaml", "--data", "trees.csv", "--target", "harvest", "--json").json
    assert answer == {
        "file": "other.yaml", "target": "harvest", "targets": ["harvest"], "task": "classification",
        "ignored": ["tree"],
    }  # fmt: skip


def test_init_without_a_target_lists_the_columns_and_writes_nothing(
    program: Program, trees: Path, tmp_path: Path
) -> None:
    done = program("init", "--data", "trees.csv")
    assert done.code == 2
    assert "What could be the target" in done.out
    assert done.err == "name the column to predict: fnnctl init --data trees.csv --target harvest\n"
    assert program("init", "--data", "trees.csv", "--json").json["error"]["kind"] == "usage"
    assert "did you mean 'harvest'?" in program("init", "--data", "trees.csv", "--target", "havest").err
    assert "different value in every row" in program("init", "--data", "trees.csv", "--target", "tree").err
    done = program("init", "--target", "harvest")
    assert (done.code, done.err) == (2, "--target: only with --data TABLE\n")
    assert not (tmp_path / "fnnctl.yaml").exists()


def test_the_config_repeats_what_the_table_needs(program: Program, tmp_path: Path) -> None:
    rows = "\n".join(f"{row % 9}|{row % 7},5|{'ä' if row % 2 else 'b'}" for row in range(ROWS))
    (tmp_path / "t.csv").write_bytes(f"größe|preis|klasse\n{rows}\n".encode("cp1252"))
    form = ("--encoding", "cp1252", "--delimiter", "|")
    assert program("init", "--data", "t.csv", "--target", "klasse", *form).code == 0
    data = written_data(tmp_path)
    assert (data.encoding, data.delimiter) == ("cp1252", "|")
    assert program("check").code == 0


@pytest.mark.parametrize(
    "values",
    [
        ["a"] * 20 + ["b"] * 20 + ["c"],
        ["a"] * 97 + ["b"] * 5,
        [f"class {number}" for number in range(30)] * 3,
        ["a", "b", "a"],
        ["a", "b"],
        [f"{number * 1.37:.2f}" for number in range(40)],
        ["1.5", "2.5"],
        [f"${number * 1234:,}.00" for number in range(40)],
    ],
    ids=[
        "a class of one row", "a rare class", "many classes", "three rows", "two rows", "numbers",
        "two numbers", "amounts",
    ],
)  # fmt: skip
def test_the_config_trains_whatever_the_target(program: Program, tmp_path: Path, values: list[str]) -> None:
    rows = (f'{row % 9 * 1.5},{"xyz"[row % 3]},"{value}"' for row, value in enumerate(values))
    write(tmp_path / "t.csv", "a,b,y", rows)
    assert program("init", "--data", "t.csv", "--target", "y").code == 0
    assert program("check").code == 0
    done = program("train", "--quiet", *QUICK)
    assert done.code == 0, done.err


@pytest.mark.parametrize("command", ["train", "check", "search", "evaluate", "plan"])
def test_a_table_in_place_of_a_config_is_explained(program: Program, trees: Path, command: str) -> None:
    done = program(command, "trees.csv")
    expected = (
        "trees.csv: is a table, not an experiment. "
        "Write one with: fnnctl init --data trees.csv --target COLUMN"
    )
    assert (done.code, (done.out + done.err).strip()) == (2, expected)
    assert "`fnnctl init --data trees.csv --target COLUMN`" in program("train").err


@pytest.mark.parametrize(
    "setting", ["data.positive_class=1", "model.output={name: logistic, positive_class: 1}"]
)
def test_a_class_that_is_a_number_needs_no_quotes(program: Program, tmp_path: Path, setting: str) -> None:
    """A shell takes them away: 1 is a number in YAML, and the classes of a table are texts."""
    write(tmp_path / "t.csv", "a,y", (f"{row % 9 * 1.5},{row % 2}" for row in range(ROWS)))
    output = "model: {output: logistic}\n" if "output" in setting else ""
    (tmp_path / "t.yaml").write_text("data: {source: t.csv, target: y}\n" + output)
    assert program("check", "t.yaml", "--set", setting).code == 0
    done = program("check", "t.yaml", "--set", setting.replace("1", "2"))
    assert (done.code, "there is no class '2'; the classes are '0', '1'" in done.out) == (2, True)
    assert program("check", "t.yaml", "--set", setting.replace("1", "true")).code == 2


def test_a_target_that_looks_like_counts(program: Program, tmp_path: Path) -> None:
    levels = [0, 1, 2, 3, 3, 2, 1, 2, 2, 4] * 9
    write(tmp_path / "visits.csv", "a,b,visits", (f"{k % 7},{k % 11},{n}" for k, n in enumerate(levels)))
    looks = "looks like counts (whole numbers from 0 to 4"
    note = (
        f"{looks}, mean 2, variance 1.2): `fnnctl train` treats them as 5 classes, `fnnctl train --set "
        "data.task=regression` as amounts, `model.output: poisson` estimates the logarithm of their mean"
    )
    described = program("describe", "visits.csv", "--target", "visits")
    assert f"'visits' {note}" in " ".join(described.out.split())
    columns = program("describe", "visits.csv", "--target", "visits", "--json").json["columns"]
    assert [column["notes"] for column in columns] == [[], [], [note]]
    wrote = program("init", "v.yaml", "--data", "visits.csv", "--target", "visits").err
    commands = (
        "`fnnctl train v.yaml` treats them as classes, `fnnctl train v.yaml --set data.task=regression`"
    )
    assert f"'visits' {looks}): {commands} as amounts\n" in wrote
    assert "change data.task to regression, and activate model.output: poisson\n" in wrote
    quick = ("--set", "recipe=classic", *QUICK)
    assert "looks like counts" not in program("train", "v.yaml", *quick).err
    assert program("train", "v.yaml", *quick, "--set", "data.task=regression").code == 0
    trained = program("train", "v.yaml", *quick, "--unset", "data.task")
    assert trained.err.count("looks like counts") == 1


def test_odd_cells_are_missing_values_or_make_a_column_categorical(program: Program, tmp_path: Path) -> None:
    rows = (
        f'{"unknown" if row % 20 == 7 else row},"{"1,5" if row == 9 else row / 8}",{row % 2}'
        for row in range(ROWS)
    )
    write(tmp_path / "t.csv", "a,b,y", rows)
    odd = "'1,5' has another decimal mark than most other values (numbers: 59 of 60 values)"
    described = " ".join(program("describe", "t.csv").out.split())
    assert f"'b': is read as categories: {odd}, in line 11; correct it, and it has numbers" in described
    lines = program("init", "--data", "t.csv", "--target", "y").err.splitlines()
    advice = "to read numbers, correct it and remove the column from data.columns.categorical"
    assert f"'b' is read as categories: {odd}, in line 11; {advice}" in lines
    assert "column 'a': 'unknown' (3 rows, first in line 9) is no number, so it is read as missing" in lines
    data = written_data(tmp_path)
    assert (data.columns.categorical, data.missing_values[-1]) == (("b",), "unknown")
    assert program("train", *QUICK).code == 0


@pytest.mark.parametrize(
    ("header", "rows", "why"),
    [
        (
            "y",
            [str(row) for row in range(30)],
            "no column can be the target: 'y' (has a different whole number in every row, like an id)",
        ),
        ("y", "012" * 9, "there is no column to predict 'y' from"),
        (
            "x,y",
            ["1,a", "1,b"] * 20,
            "there is no column to predict 'y' from: 'x' (has the same value in every row)",
        ),
        (
            "id,y",
            [f"u{row},{row % 2}" for row in range(30)],
            "there is no column to predict 'y' from: 'id' (nearly all its values are different texts)",
        ),
    ],
    ids=["an id", "no other column", "a constant", "different texts"],
)
def test_no_experiment_is_proposed_that_init_refuses(
    program: Program, tmp_path: Path, header: str, rows: Iterable[str], why: str
) -> None:
    write(tmp_path / "t.csv", header, rows)
    for options in ((), ("--target", "y")):
        described = program("describe", "t.csv", *options)
        text = " ".join(described.out.split())
        assert (described.code, "fnnctl init" in text) == (0, False)
        assert "No experiment is possible" in text
    assert f"No experiment is possible - {why}" in " ".join(program("describe", "t.csv").out.split())
    assert program("init", "--data", "t.csv").err.endswith(f"{why}\n")
    assert program("init", "--data", "t.csv", "--target", "y").code == 2
    assert not (tmp_path / "fnnctl.yaml").exists()
