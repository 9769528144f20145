from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.other_files import is_binary, no_table, other_file
from fnnctl.config.reading.loading import load_config
from fnnctl.data.problems import Problems
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.data.tables.readers import open_table
from fnnctl.errors import ConfigError, DataError

FILES = [
    ("t.json", b'[{"a": 1}]\n', "a JSON file"),
    ("t.txt", b' {"a": [1, 2]}\n{"a": 1}\n', "a JSON file"),
    ("t.png", b"\x89PNG\r\n\x1a\n\x00\x01", "a PNG picture"),
    ("t", b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG picture"),
    ("pyproject.toml", b'[project]\nname = "x"\nversion = "1"\n', "a TOML file"),
    ("t.html", b"<!DOCTYPE html>\n<html></html>", "an HTML page"),
    ("a.feather", b"ARROW1\0\0\xfe\xff", "an Arrow/Feather file"),
    ("old.feather", b"FEA1\0\0\x85", "an Arrow/Feather file"),
    ("renamed.dat", b"ARROW1\0\0\xfe\xff", "an Arrow/Feather file"),
    ("table.arrow", b"\xff\xff\xff\xff\0\1", "an Arrow/Feather file"),
    ("t.pkl", b"\x80\x03}q\0.", "a Python pickle"),
    ("t.zip", b"PK\x03\x04\x14\x00", "an Excel workbook or a zip archive"),
]


def open_as_table(path: Path) -> None:
    with open_table(path, CsvFormat(None, "utf-8", frozenset()), Problems(path.name)):
        pass


@pytest.mark.parametrize(("name", "content", "what"), FILES)
def test_what_is_neither_a_table_nor_an_experiment_is_named(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{name}: is {what}, not an experiment"):
        load_config(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name}: this is {what}, not a "):
        open_as_table(tmp_path / name)


RANDOM = bytes(np.random.default_rng(0).integers(0, 256, 3000, np.uint8))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("t.csv", RANDOM, ":1: this is binary data, not text$"),
        ("t.parquet", b"a,y\n1,2\n", ": this is no Parquet file, although it is named so"),
        ("t.db", b"", ": the file is empty$"),
        pytest.param("t.xlsx", b"", ": the file is empty$", marks=pytest.mark.extra),
    ],
)
def test_what_is_only_named_like_a_table(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    if name == "t.xlsx":
        pytest.importorskip("python_calamine")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name + what):
        open_as_table(tmp_path / name)


@pytest.mark.parametrize("text", ["Zürich;5 €\r\n\tçà\n", "Москва,东京\n", "one damaged \x01 place \x02"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "gb18030", "shift_jis", "cp1251", "koi8-r"])
def test_a_text_in_another_encoding_is_no_binary_data(text: str, encoding: str) -> None:
    assert not is_binary(text.encode(encoding, "replace"))


@pytest.mark.parametrize(("content", "is_no_text"), [(b"\0\1\2\3 a\0\1", False), (b"\0\1\2\3 a\4", True)])
def test_five_different_control_characters_are_no_text(content: bytes, is_no_text: bool) -> None:
    assert is_binary(content) is is_no_text


@pytest.mark.parametrize("start", [b"a,b\n1,2\n", b"{a},b\n", b"data: {source: iris}\n", b""])
def test_text_is_nothing_else(start: bytes) -> None:
    assert other_file(start, ".yaml") is None


@pytest.mark.parametrize(
    ("content", "ending", "why"),
    [
        (b"data: {source: iris}\n", ".yaml", "an experiment (YAML), not a table"),
        (b"\x89PNG\r\n", ".parquet", "a PNG picture, not a table"),
        (b"[project]\n", ".toml", "a TOML file, not a table"),
        (
            b"PK\x03\x04",
            ".csv",
            "an Excel workbook or a zip archive, not a CSV file: save it as CSV; "
            "a workbook is read if it is named .xlsx",
        ),
        (
            b"PK\x03\x04",
            ".ods",
            "an OpenDocument spreadsheet, not a CSV file: save it as CSV, or as .xlsx without a password",
        ),
        (
            b'{"a": 1}\n',
            ".csv",
            "a JSON file, not a CSV file: save it as CSV, or as JSON Lines (.jsonl) with one object per line",
        ),
        (b"a,b\n1,2\n", ".csv", None),
    ],
)
def test_what_may_hold_a_table_can_be_saved_as_one(content: bytes, ending: str, why: str | None) -> None:
    assert no_table(content, ending) == why


def test_an_experiment_may_be_json(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"data": {"source": "iris"}}')
    assert load_config(tmp_path / "t.json").experiment.data.source == "iris"
