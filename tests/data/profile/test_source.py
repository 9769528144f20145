from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.errors import DataError, UsageError
from tests.data.profile.conftest import Look

ROWS = 30
NUMBERS = [f"{number % 7}.5" for number in range(ROWS)]


def with_texts(*texts: object) -> list[object]:
    return [*NUMBERS[: ROWS - len(texts)], *texts]


@pytest.mark.parametrize("texts", [["unknown"], ["-", "-", "."], ["n.a.", "#DIV/0!", "missing"]])
def test_a_few_texts_among_numbers_are_missing_values(look: Look, texts: Sequence[str]) -> None:
    facts = look({"a": with_texts(*texts), "b": ["x", "y"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert (facts["a"].type.kind, facts["a"].missing) == ("numeric", len(texts))
    assert {note.kind for note in facts.notes["a"]} == {"marker"}


def test_known_markers_may_be_many_and_may_be_in_a_column_of_texts(look: Look) -> None:
    texts = ["None", "-", "--", "Missing", "unknown"]
    facts = look({"a": with_texts(*texts), "b": ["x", "unknown"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert facts["b"].missing == 15


def test_a_class_of_the_target_is_no_marker(look: Look) -> None:
    facts = look({"a": with_texts("unknown"), "b": ["x", "unknown"] * 15}, target="b")
    assert (facts.source.markers, [*facts.source.odd_values]) == ((), ["a"])


def test_a_marker_says_where_it_is(look: Look) -> None:
    (marker,) = look({"a": with_texts("unknown", "1.5", "unknown"), "b": ["x", "y"] * 15}).source.markers
    assert (marker.text, marker.column, marker.rows, marker.line) == ("unknown", "a", 2, 29)
    assert str(marker) == "'unknown' (2 rows, first in line 29) is no number, so it is read as missing"


@pytest.mark.parametrize("texts", [["0000-00-00"], ["unknown", "-", "-"]])
def test_a_few_texts_among_dates_are_missing_values(look: Look, texts: Sequence[str]) -> None:
    dates = [f"2024-01-{day + 1:02}" for day in range(ROWS - len(texts))]
    facts = look({"a": [*dates, *texts], "b": ["x", "y"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert (facts["a"].type.kind, facts["a"].missing) == ("date", len(texts))
    assert str(facts.source.markers[0]).endswith("is no date, so it is read as missing")
    odd = look({"a": [*dates[4:], "p", "q", "r", "s", *texts], "b": ["x", "y"] * 15}).source.odd_values["a"]
    assert (odd.noun, odd.line) == ("date", len(dates) - 2)
    assert odd.cause.startswith("'p' is not a date")


def test_a_marker_may_be_in_several_columns(look: Look) -> None:
    facts = look({"a": with_texts("-"), "b": with_texts("-"), "c": ["x", "y"] * 15})
    assert [marker.column for marker in facts.source.markers] == ["a", "b"]
    assert (facts["a"].missing, facts["b"].missing) == (1, 1)


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


def test_a_table_without_faults_has_no_markers(look: Look) -> None:
    assert look({"a": NUMBERS}).source.markers == ()


def options(folder: Path, source: str = "table.csv", **others: str) -> SourceOptions:
    return SourceOptions(source=source, folder=folder, **others)


def test_every_column_is_read_and_the_target_keeps_its_texts(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b,y\n1,x,1.0\n,x,2.0\n3,,1\n")
    source = read_source(options(tmp_path, target="y"))
    assert {name: reading.kind for name, reading in source.types.items()} == {
        "a": "numeric", "b": "categorical", "y": "numeric",
    }  # fmt: skip
    assert {name: reading.missing for name, reading in source.types.items()} == {"a": 1, "b": 1, "y": 0}
    assert source.table.categorical["y"].texts == ("1.0", "2.0", "1")
    assert (source.file, source.target_name, source.arrays) == ("table.csv", "y", False)
    assert read_source(options(tmp_path)).target is None


def test_built_in_data_and_arrays_know_their_target(tmp_path: Path) -> None:
    iris = read_source(options(tmp_path, "iris"))
    assert (iris.target_name, iris.path, iris.table.rows) == ("species", None, 150)
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    arrays = read_source(options(tmp_path, "a.npz"))
    assert (arrays.target_name, arrays.arrays, list(arrays.types)) == ("y", True, ["x0", "x1", "y"])


def test_a_misspelt_target_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("height,harvest\n1,good\n2,poor\n")
    with pytest.raises(UsageError, match=r"no column 'harvset' in table.csv \(did you mean 'harvest'\?\)"):
        read_source(options(tmp_path, target="harvset"))
    with pytest.raises(UsageError, match="its columns are 'height', 'harvest'"):
        read_source(options(tmp_path, target="zzzzzz"))


def test_advice_names_options(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("größe,y\n1,a\n".encode("cp1252"))
    with pytest.raises(DataError, match="set --encoding to") as caught:
        read_source(options(tmp_path))
    assert "data.encoding" not in str(caught.value)
    assert list(read_source(options(tmp_path, encoding="cp1252")).types) == ["größe", "y"]


def test_advice_about_settings_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,y\n1,a\n1_000,b\n1,2,3\n")
    with pytest.raises(
        DataError, match=r"data\.missing_values \(settings of an experiment; `fnnctl init` with"
    ):
        read_source(options(tmp_path))
    (tmp_path / "table.csv").write_text("a,a\n1,a\n")
    with pytest.raises(DataError, match=r"rename one$"):
        read_source(options(tmp_path))


def test_options_of_tables_are_refused_for_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    for other in ({"delimiter": ";"}, {"encoding": "cp1252"}, {"target": "x0"}):
        with pytest.raises(UsageError, match="contains arrays"):
            read_source(options(tmp_path, "a.npz", **other))
    assert read_source(options(tmp_path, "a.npz", target="y")).target_name == "y"


def test_a_missing_file_is_named_without_a_setting(tmp_path: Path) -> None:
    (tmp_path / "trees.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as caught:
        read_source(options(tmp_path, "tree.csv"))
    assert caught.value.message.startswith("there is no file 'tree.csv'")
    assert "did you mean 'trees.csv'?" in caught.value.message
