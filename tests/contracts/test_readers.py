"""Every kind of table files: the same values give the same table, for training and for prediction."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.cli import run
from fnnctl.config.reading.starter import is_table
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.table_files import CSV, TABLE_FILES, TableFile
from fnnctl.config.table_kinds import kind_by_name
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.data.problems import Problems
from fnnctl.data.tables import blocks
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import kind_of_table, open_table
from fnnctl.data.tables.table import read_table
from fnnctl.errors import DataError
from tests.data.tables.workbooks import write_workbook

FORM = CsvFormat(None, "utf-8", missing_texts(["", "NA"]))
Columns = Mapping[str, Sequence[Any]]


def write_csv(path: Path, columns: Columns) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([columns.keys(), *zip(*columns.values(), strict=True)])


def write_parquet(path: Path, columns: Columns) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(dict(columns)), path, row_group_size=7)


def write_jsonl(path: Path, columns: Columns) -> None:
    rows = zip(*columns.values(), strict=True)
    path.write_text("".join(f"{json.dumps(dict(zip(columns, row, strict=True)))}\n" for row in rows))


def write_sqlite(path: Path, columns: Columns) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE rows ({', '.join(columns)})")
        marks = ", ".join("?" for _ in columns)
        database.executemany(f"INSERT INTO rows VALUES ({marks})", zip(*columns.values(), strict=True))


def write_excel(path: Path, columns: Columns) -> None:
    pytest.importorskip("python_calamine")
    write_workbook(path, {"rows": [[*columns], *zip(*columns.values(), strict=True)]})


WRITERS: Mapping[str, Callable[[Path, Columns], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "jsonl": write_jsonl,
    "sqlite": write_sqlite,
    "excel": write_excel,
}
KINDS = [
    pytest.param(kind, id=kind.name, marks=[pytest.mark.extra] if kind.name in {"parquet", "excel"} else [])
    for kind in TABLE_FILES
]
ROWS = 60
NUMBERS = np.random.default_rng(0).normal(size=ROWS).round(3).tolist()
_ROWS: Columns = {
    "x": [None if i % 7 == 0 else number for i, number in enumerate(NUMBERS)],
    "count": [i % 5 for i in range(ROWS)],
    "kind": [("a", "größe, x", None, 'say "so"')[i % 4] for i in range(ROWS)],
    "price": [f"${i + 1:,}.50" for i in range(ROWS)],
    "day": [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(ROWS)],
    "y": ["high" if number > 0 else "low" for number in NUMBERS],
}


def in_order(columns: Columns) -> Columns:
    """The rows in the order of their values, as those of a database are read."""
    rows = sorted(
        zip(*columns.values(), strict=True),
        key=lambda row: [(value is not None, value or 0) for value in row],
    )
    return dict(zip(columns, zip(*rows, strict=True), strict=True))


TABLE: Columns = in_order(_ROWS)


def written(folder: Path, kind: TableFile, columns: Columns = TABLE) -> Path:
    path = folder / f"t{kind.endings[0]}"
    WRITERS[kind.name](path, columns)
    return path


def test_every_kind_has_a_writer_here() -> None:
    assert WRITERS.keys() == {kind.name for kind in TABLE_FILES}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_known_by_its_name(tmp_path: Path, kind: TableFile) -> None:
    assert kind_of_table(written(tmp_path, kind)) is kind
    for ending in kind.endings:
        assert kind_by_name(f"T{ending.upper()}") is kind
        assert is_table(Path(f"t{ending}"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block_values", [1, 60, 8192])
def test_the_same_values_give_the_same_table(
    tmp_path: Path, kind: TableFile, block_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, kind)
    expected = read_table(written(tmp_path, CSV), FORM, {"y": "categorical"}, Problems("t"))
    monkeypatch.setattr(blocks, "BLOCK_VALUES", block_values)
    monkeypatch.setattr(blocks, "MIN_BLOCK_ROWS", 1)
    problems = Problems("t")
    table = read_table(path, FORM, {"y": "categorical"}, problems)
    assert str(problems.error()) == ""
    assert (table.names, table.rows) == (expected.names, ROWS)
    assert [*table.numeric] == [*expected.numeric]
    for name, numbers in expected.numeric.items():
        np.testing.assert_array_equal(table.numeric[name], numbers)
    for name, column in expected.categorical.items():
        assert table.categorical[name].texts == column.texts
        np.testing.assert_array_equal(table.categorical[name].codes, column.codes)
    assert {name: column.kind for name, column in table.types.items()} == {
        name: column.kind for name, column in expected.types.items()
    }


def _gaps(values: Sequence[Any]) -> list[Any]:
    return [None if i % 7 == 3 else value for i, value in enumerate(values)]


_LONG = ("x" * 40_000, "y" * 70_000)
"""More than a cell of Excel may have, and more than 64 KiB."""
_DAYS = [date(2024, 1 + i % 12, 1 + i % 28) for i in range(ROWS)]
ALL_TYPES: Columns = {
    "row": range(ROWS),
    "number": _gaps(NUMBERS),
    "tiny": [10.0 ** -(5 * i) for i in range(ROWS)],
    "integer": _gaps([i % 11 for i in range(ROWS)]),
    "large": [2**53 + 2 * i + 1 for i in range(ROWS)],
    "larger": [2**62 + i for i in range(ROWS)],
    "truth": _gaps([i % 2 == 0 for i in range(ROWS)]),
    "category": _gaps([("a", "größe, x", 'say "so"', "x\ny", "<&>")[i % 5] for i in range(ROWS)]),
    "level": [("low", "mid", "high")[i % 3] for i in range(ROWS)],
    "day": _gaps(_DAYS),
    "moment": [datetime(2024, 1 + i % 12, 1 + i % 28, i % 24, i % 60, 7 * i % 60) for i in range(ROWS)],
    "midnight": [datetime(2024, 1 + i % 12, 1 + i % 28, i % 3 * 6) for i in range(ROWS)],
    "clock": _gaps([time(i % 24, i % 60, 7 * i % 60) for i in range(ROWS)]),
    "zone": [f"{day}T{i % 24:02}:00:00+0{i % 3}:00" for i, day in enumerate(_DAYS)],
    "german": [f"{day.day}.{day.month}.{day.year}" for day in _DAYS],
    "mixed": [f"{day:%d/%m/%Y}" if i % 2 else f"{day}" for i, day in enumerate(_DAYS)],
    "empty": ["" if i % 5 == 1 else "pq"[i % 2] for i in range(ROWS)],
    "blanks": [(" p ", "q ", " ")[i % 3] for i in range(ROWS)],
    "digits": [str(3 * i) for i in range(ROWS)],
    "code": [f"{i % 5:03}" for i in range(ROWS)],
    "percent": [f"{i}.5%" for i in range(ROWS)],
    "price": [f"${1000 * i + 1:,}.50" for i in range(ROWS)],
    "debt": [f"(${i + 1})" if i % 3 else f"${i}" for i in range(ROWS)],
    "exponent": [f"1e{i % 5}" for i in range(ROWS)],
    "unicode": [("日本", "😀", "é\u0301", "\u202ex")[i % 4] for i in range(ROWS)],
    "long": [_LONG[i % 2] if i < 4 else "short" for i in range(ROWS)],
    "missing": [None] * ROWS,
    "y": [("yes", "no", "maybe")[i % 3] for i in range(ROWS)],
}


def stored(kind: TableFile, columns: Columns) -> Columns:
    """The values as they are written where a kind of files has no such type; the first column orders them."""

    def value_of(value: Any) -> Any:
        match value:
            case bool():
                return {"csv": str(value).lower(), "sqlite": str(value).lower()}.get(kind.name, value)
            case date() | time() if kind.name not in {"parquet", "excel"}:
                return value.isoformat()
        return value

    return {name: [*map(value_of, values)] for name, values in columns.items()}


def loaded(folder: Path, kind: TableFile, columns: Columns) -> Dataset:
    path = written(folder, kind, stored(kind, columns))
    return load_dataset(DataConfig(source=path.name, target="y"), folder)


def assert_equal_data(dataset: Dataset, expected: Dataset) -> None:
    assert dataset.numeric_names == expected.numeric_names
    numbers, of_csv = dataset.numbers(slice(None)), expected.numbers(slice(None))
    for j, name in enumerate(dataset.numeric_names):
        np.testing.assert_array_equal(numbers[:, j], of_csv[:, j], err_msg=name)
    assert dataset.categorical_names == expected.categorical_names
    assert dataset.categories == expected.categories
    np.testing.assert_array_equal(dataset.categorical, expected.categorical)
    assert {name: column.kind for name, column in dataset.types.items()} == {
        name: column.kind for name, column in expected.types.items()
    }
    assert dataset.target.texts == expected.target.texts
    np.testing.assert_array_equal(dataset.target.codes, expected.target.codes)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_all_types_give_the_same_data(tmp_path: Path, kind: TableFile) -> None:
    expected = loaded(tmp_path, CSV, ALL_TYPES)
    assert {column.kind for column in expected.types.values()} == {
        "numeric", "boolean", "categorical", "date", "empty"
    }  # fmt: skip
    assert_equal_data(loaded(tmp_path, kind, ALL_TYPES), expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.id != CSV.name])
@given(
    columns=st.lists(
        st.one_of(
            st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=9),
            st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=9),
            st.lists(st.none() | st.booleans(), min_size=3, max_size=9),
            st.lists(st.none() | st.dates(date(1950, 1, 1), date(2050, 1, 1)), min_size=3, max_size=9),
            st.lists(st.none() | st.text("aB é日😀\"'<&>\n", max_size=4), min_size=3, max_size=9),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=25, deadline=None)
def test_random_columns_give_the_same_data(
    tmp_path_factory: pytest.TempPathFactory, kind: TableFile, columns: list[list[Any]]
) -> None:
    if kind.name in {"parquet", "excel"}:
        pytest.importorskip({"parquet": "pyarrow", "excel": "python_calamine"}[kind.name])
    rows = [*zip_longest(*columns)]
    table: Columns = {
        "row": range(len(rows)),
        **{f"c{j}": [row[j] for row in rows] for j in range(len(columns))},
        "y": [("p", "q")[i % 2] for i in range(len(rows))],
    }
    folder = tmp_path_factory.mktemp("random")
    assert_equal_data(loaded(folder, kind, table), loaded(folder, CSV, table))


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_cover_all_rows_and_say_how_much_is_read(
    tmp_path: Path, kind: TableFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 6 * len(TABLE))
    monkeypatch.setattr(blocks, "MIN_BLOCK_ROWS", 1)
    with open_table(written(tmp_path, kind), FORM, Problems("t")) as opened:
        assert opened.names == tuple(TABLE)
        assert opened.rows in (None, ROWS)
        assert opened.has_types == kind.has_types
        read = [*opened.blocks]
        assert opened.share() == pytest.approx(1)
    lines = [line for block in read for line in block.lines]
    assert lines == [*range(lines[0], lines[0] + ROWS)]
    for block in read:
        assert [len(column) for column in block.columns] == [len(block.lines)] * len(TABLE)
        part = block.part(slice(1, 3))
        assert [*part.lines] == [*block.lines[1:3]]
        for column, of_part in zip(block.columns, part.columns, strict=True):
            assert [*of_part.texts()] == [*column.texts()[1:3]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("no_figures")
def test_a_file_is_described_trained_on_and_predicted(
    tmp_path: Path, kind: TableFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path, new = written(tmp_path, kind), tmp_path / "new"
    new.mkdir()
    assert run(["describe", str(path)]) == 0
    assert f"{ROWS} rows, 6 columns" in capsys.readouterr().out
    config = tmp_path / "c.yaml"
    config.write_text(
        f"data: {{source: {path.name}, target: y}}\nrecipe: classic\nseed: 1\n"
        "model: {hidden: [4]}\ntraining: {epochs: 2}\n"
    )
    runs = ["--runs-dir", str(tmp_path / "runs"), "--quiet"]
    assert run(["train", str(config), *runs]) == 0
    predictions = []
    for other in (kind, CSV):
        rows = written(new, other, in_order({name: TABLE[name] for name in [*TABLE][::-1] if name != "y"}))
        output = tmp_path / f"{other.name}.csv"
        assert run(["predict", "latest", str(rows), "--output", str(output), *runs]) == 0
        predictions.append(output.read_text())
    assert predictions[0] == predictions[1]
    capsys.readouterr()
    has_no_effect = run(["train", str(config), "--set", "data.decimal_mark=point", *runs]) == 2
    assert has_no_effect == kind.has_types
    if has_no_effect:
        assert kind.reason in capsys.readouterr().err
        assert run(["predict", "latest", str(path), "--delimiter", ";", *runs]) == 2
        assert f"is {kind.noun}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_or_damaged_file_is_named(tmp_path: Path, kind: TableFile) -> None:
    path = tmp_path / f"t{kind.endings[0]}"
    for content in (b"", b"\x00\xff\x01\x02\x03\x04\x05"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"^\S*t\S*: "):
            read_table(path, FORM, {}, Problems("t"))
