from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.errors import DataError, UsageError
from tests.data.profile.conftest import Look
from tests.messages import Messages

ROWS = 30
NUMBERS = [f"{number % 7}.5" for number in range(ROWS)]


def with_texts(*texts: object) -> list[object]:
    return [*NUMBERS[: ROWS - len(texts)], *texts]


@pytest.mark.parametrize("texts", [["unknown"], ["-", "-", "."], ["n.a.", "#DIV/0!", "missing"]])
def test_a_few_texts_among_numbers_are_missing_values(look: Look, texts: list[str]) -> None:
    """Also those of several columns."""
    facts = look({"a": with_texts(*texts), "b": ["x", "y"] * 15, "c": with_texts("-")})
    assert {marker.text for marker in facts.source.markers if marker.column == "a"} == set(texts)
    assert (facts["a"].type.kind, facts["a"].missing) == ("numeric", len(texts))
    assert {note.kind for note in facts.notes["a"]} == {"marker"}
    assert facts["c"].missing == 1
    assert look({"a": NUMBERS}).source.markers == ()


def test_known_markers_may_be_many_and_may_be_in_a_column_of_texts(look: Look) -> None:
    texts = ["None", "-", "--", "Missing", "unknown"]
    facts = look({"a": with_texts(*texts), "b": ["x", "unknown"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert facts["b"].missing == 15


def test_a_class_of_the_target_is_no_marker(look: Look) -> None:
    facts = look({"a": with_texts("unknown"), "b": ["x", "unknown"] * 15}, "b")
    assert (facts.source.markers, [*facts.source.odd_values]) == ((), ["a"])


def test_a_marker_says_where_it_is(look: Look, messages: Messages) -> None:
    (marker,) = look({"a": with_texts("unknown", "1.5", "unknown"), "b": ["x", "y"] * 15}).source.markers
    assert (marker.text, marker.column, marker.rows, marker.line) == ("unknown", "a", 2, 29)
    messages.check(marker)


@pytest.mark.parametrize("texts", [["0000-00-00"], ["unknown", "-", "-"]])
def test_a_few_texts_among_dates_are_missing_values(
    look: Look, messages: Messages, texts: Sequence[str]
) -> None:
    dates = [f"2024-01-{day + 1:02}" for day in range(ROWS - len(texts))]
    facts = look({"a": [*dates, *texts], "b": ["x", "y"] * 15})
    assert (facts["a"].type.kind, facts["a"].missing) == ("date", len(texts))
    for marker in facts.source.markers:
        messages.check(marker)
    odd = look({"a": [*dates[4:], "p", "q", "r", "s", *texts], "b": ["x", "y"] * 15}).source.odd_values["a"]
    assert (odd.noun, odd.line) == ("date", len(dates) - 2)
    messages.check(odd.cause)


@pytest.mark.parametrize("texts", [["p", "q", "r", "s"], ["1_000"], ["inf"], ["unknown", "inf"], ["x"]])
def test_a_column_with_other_texts_has_categories(look: Look, texts: Sequence[str]) -> None:
    """More than three, numbers in a wrong notation, and texts that are a category of another column."""
    facts = look({"a": with_texts(*texts), "b": ["x", "y"] * 15, "c": with_texts("-")})
    assert facts["a"].type.kind == "categorical"
    assert (facts["a"].missing, facts["c"].missing) == (0, 1)
    (odd,) = facts.source.odd_values.values()
    assert (odd.noun, odd.line) == ("number", ROWS - len(texts) + 2)
    assert [note.kind for note in facts.notes["a"]] == ["odd"]


def test_other_faults_of_the_file_remain(look: Look) -> None:
    rows = "\n".join(f"{value},x" for value in with_texts("1_000"))
    with pytest.raises(DataError, match="has 3 values"):
        look(f"a,b\n{rows}\n1,2,3\n")


def options(folder: Path, source: str = "table.csv", **others: Any) -> SourceOptions:
    return SourceOptions(source=source, folder=folder, **others)


def test_every_column_is_read_and_the_target_keeps_its_texts(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b,y\n1,x,1.0\n,x,2.0\n3,,1\n")
    source = read_source(options(tmp_path, targets=("y",)))
    read = {name: (column.kind, column.missing) for name, column in source.types.items()}
    assert read == {"a": ("numeric", 1), "b": ("categorical", 1), "y": ("numeric", 0)}
    assert source.table.categorical["y"].texts == ("1.0", "2.0", "1")
    assert (source.file, source.target_names, source.arrays) == ("table.csv", ("y",), False)
    assert read_source(options(tmp_path)).targets == ()


def test_built_in_data_and_arrays_know_their_target(tmp_path: Path) -> None:
    iris = read_source(options(tmp_path, "iris"))
    assert (iris.target_names, iris.path, iris.table.rows) == (("species",), None, 150)
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    arrays = read_source(options(tmp_path, "a.npz"))
    assert (arrays.target_names, arrays.arrays, list(arrays.types)) == (("y",), True, ["x0", "x1", "y"])


@pytest.mark.parametrize(
    ("content", "others"),
    [
        pytest.param(
            "height,harvest\n1,good\n2,poor\n", {"targets": ("height", "harvset")}, id="a misspelt target"
        ),
        pytest.param("height,harvest\n1,good\n2,poor\n", {"targets": ("zzzzzz",)}, id="an unknown target"),
        pytest.param("a,b,c\n1,2,3\n", {"targets": ("b,c",)}, id="targets with a comma"),
        pytest.param("größe,y\n1,a\n".encode("cp1252"), {}, id="another encoding"),
        pytest.param("a,y\n1,a\n1_000,b\n1,2,3\n", {}, id="a row and a value"),
        pytest.param("a,a\n1,a\n", {}, id="a name twice"),
        pytest.param("a,y\n1,a\n", {"source": "tabel.csv"}, id="a missing file"),
    ],
)
def test_advice_names_options(
    tmp_path: Path, messages: Messages, content: str | bytes, others: dict[str, str]
) -> None:
    """Or says where settings are."""
    (tmp_path / "table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises((DataError, UsageError)) as error:
        read_source(options(tmp_path, **others))
    messages.check(error.value)


def test_options_of_tables_are_refused_for_arrays(tmp_path: Path, messages: Messages) -> None:
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    for others in ({"delimiter": ";"}, {"encoding": "cp1252"}, {"targets": ("x0",)}):
        with pytest.raises(UsageError) as error:
            read_source(options(tmp_path, "a.npz", **others))
        messages.check(error.value)
    assert read_source(options(tmp_path, "a.npz", targets=("y",))).target_names == ("y",)


def test_columns_that_no_table_has_are_ignored(tmp_path: Path, messages: Messages) -> None:
    """Also one whose first such value is in a later block, and beside a marker; a target cannot be one."""
    values = [{"a": [1], "b": "x" if k < 3000 else {"c": 1}, "n": k if k else "unknown"} for k in range(4000)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, values)))
    source = read_source(SourceOptions(source="t.jsonl", folder=tmp_path))
    assert [(name, column.kind) for name, column in source.types.items()] == [
        ("a", "other"), ("b", "other"), ("n", "numeric")
    ]  # fmt: skip
    for name in "ab":
        messages.check(source.types[name].ignored)
    assert [marker.text for marker in source.markers] == ["unknown"]
    with pytest.raises(DataError) as error:
        read_source(SourceOptions(source="t.jsonl", folder=tmp_path, targets=("b",)))
    messages.check(error.value)
