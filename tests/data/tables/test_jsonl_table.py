from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from fnnctl.data.problems import Problems
from fnnctl.data.tables import blocks, jsonl_table
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import open_table
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError
from tests.messages import Messages

FORM = CsvFormat(None, "utf-8", missing_texts(["", "NA"]))


def read(folder: Path, content: str | bytes, kinds: dict[str, Kind] | None = None) -> tuple[Table, list[str]]:
    path, problems = folder / "t.jsonl", Problems("t.jsonl")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = read_table(path, FORM, kinds or {}, problems)
    return table, str(problems.error()).splitlines()


def lines(*records: object) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def texts(table: Table, name: str) -> list[str | None]:
    column = table.categorical[name]
    return [None if code < 0 else column.texts[code] for code in column.codes.tolist()]


def test_values_have_types(tmp_path: Path) -> None:
    content = lines(
        {"n": 1, "t": "x", "b": True, "big": 2**63 + 1, "day": "2024-01-31"},
        {"n": 2.5, "t": "7th", "b": False, "big": -1, "day": "2024-02-01"},
        {"n": None, "t": None, "b": None, "big": 2**53, "day": ""},
    )
    table, problems = read(tmp_path, content)
    assert problems == []
    assert table.names == ("n", "t", "b", "big", "day")
    assert table.numeric["n"][:2].tolist() == [1, 2.5]
    assert math.isnan(table.numeric["n"][2])
    assert table.numeric["big"].tolist() == [2.0**63, -1, 2.0**53]
    assert texts(table, "t") == ["x", "7th", None]
    assert texts(table, "b") == ["true", "false", None]
    assert table.types["day"].kind == "date"
    assert not table.notation.is_csv


def test_a_missing_key_is_a_missing_value_and_a_key_may_come_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 6)
    monkeypatch.setattr(blocks, "MIN_BLOCK_ROWS", 1)
    early, late = [{"a": i} for i in range(7)], [{"late": i, " b ": "x"} for i in range(4)]
    table, problems = read(tmp_path, lines(*early, *late))
    assert (table.names, problems) == (("a", "late", "b"), [])
    assert table.numeric["a"][:7].tolist() == [*range(7)]
    assert table.numeric.missing("a") == 4
    assert table.numeric["late"][7:].tolist() == [*range(4)]
    assert texts(table, "b") == [None] * 7 + ["x"] * 4


def test_a_category_is_spelled_as_in_the_file(tmp_path: Path) -> None:
    """Also a whole number beside a fraction."""
    content = '{"a": 7}\n{"a": 7.0}\n{"a": 7.5}\n{"a": "7"}\n{"a": true}\n{"a": null}\n'
    table, _ = read(tmp_path, content, {"a": "categorical"})
    assert texts(table, "a") == ["7", "7.0", "7.5", "7", "true", None]


def test_what_is_no_object_is_an_error_with_its_line(tmp_path: Path, messages: Messages) -> None:
    content = '{"a": 1}\n\n{"a": 2,, "b": 3}\n[1]\n3\n{"a": "\xff"}\n{"a": 1' + 5_000 * "0" + "}\n"
    content += '{"a": ' + 100_000 * "[" + "\n"
    for problem in read(tmp_path, content.encode("latin-1"))[1]:
        messages.check(problem)


@pytest.mark.parametrize("value", ["x", 10**400, math.inf], ids=["text", "large", "infinite"])
def test_a_value_unlike_the_others_is_an_error_with_its_line(
    tmp_path: Path, messages: Messages, value: object
) -> None:
    (problem,) = read(tmp_path, "\n" + lines(*({"a": i} for i in range(5)), {"a": value}))[1]
    messages.check(problem)


def test_a_file_without_values_is_refused(tmp_path: Path, messages: Messages) -> None:
    for content in ("", "\n \n", "\ufeff", "{}\n"):
        with pytest.raises(DataError) as error:
            read(tmp_path, content)
        messages.check(error.value)


@pytest.mark.parametrize("value", [[1], {"x": 1}], ids=["array", "object"])
def test_nested_values_are_refused_with_their_line_unless_they_are_left_out(
    tmp_path: Path, messages: Messages, value: object
) -> None:
    table, problems = read(tmp_path, lines(*[{"a": 1, "b": value}] * 2), {"b": "ignore"})
    assert (list(table.numeric), problems) == (["a"], [])
    with pytest.raises(DataError) as error:
        read(tmp_path, lines({"a": 1, "b": 2}, {"a": 2}, {"a": 3, "b": value}, {"a": 4, "b": 1}, 5))
    messages.check(error.value)


def test_a_mark_of_utf_8_and_any_line_ends(tmp_path: Path) -> None:
    table, problems = read(tmp_path, b'\xef\xbb\xbf{"gr\xc3\xb6\xc3\x9fe": 1}\r\n{"gr\\u00f6\xc3\x9fe": 2}')
    assert (table.numeric["größe"].tolist(), problems) == ([1, 2], [])


def test_a_line_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_table, "LONGEST_LINE", 100)
    problems = read(tmp_path, lines({"a": 1}, {"a": "x" * 200}, {"a": 3}))[1]
    assert [problem[:45] for problem in problems] == ["t.jsonl:2: a line of more than 100 bytes: wri"]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.jsonl")
    with (
        pytest.raises(DataError, match=r"t\.jsonl: a JSON Lines file cannot be read from a pipe"),
        open_table(tmp_path / "t.jsonl", FORM, Problems("t")),
    ):
        pass
