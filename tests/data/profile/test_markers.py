from __future__ import annotations

from collections.abc import Sequence

import pytest

from fnnctl.errors import DataError
from tests.data.profile.conftest import Look

ROWS = 30
NUMBERS = [f"{number % 7}.5" for number in range(ROWS)]


def with_texts(*texts: object) -> list[object]:
    return [*NUMBERS[: ROWS - len(texts)], *texts]


@pytest.mark.parametrize("texts", [["unknown"], ["-", "-", "."], ["n.a.", "#DIV/0!", "missing"]])
def test_a_few_texts_among_numbers_are_missing_values(look: Look, texts: Sequence[str]) -> None:
    facts = look({"a": with_texts(*texts), "b": ["x", "y"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert (facts["a"].reading.kind, facts["a"].missing) == ("numeric", len(texts))
    assert {note.kind for note in facts.notes["a"]} == {"marker"}


def test_known_markers_may_be_many_and_may_be_in_a_column_of_texts(look: Look) -> None:
    texts = ["None", "-", "--", "Missing", "unknown"]
    facts = look({"a": with_texts(*texts), "b": ["x", "unknown"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert facts["b"].missing == 15


def test_a_class_of_the_target_is_no_marker(look: Look) -> None:
    with pytest.raises(DataError, match="column 'a': 'unknown' is not a number"):
        look({"a": with_texts("unknown"), "b": ["x", "unknown"] * 15}, target="b")


def test_a_marker_says_where_it_is(look: Look) -> None:
    (marker,) = look({"a": with_texts("unknown", "1.5", "unknown"), "b": ["x", "y"] * 15}).source.markers
    assert (marker.text, marker.column, marker.rows, marker.line) == ("unknown", "a", 2, 29)
    assert str(marker) == "'unknown' (2 rows, first in line 29) is no number, so it is read as missing"


@pytest.mark.parametrize("texts", [["0000-00-00"], ["unknown", "-", "-"]])
def test_a_few_texts_among_dates_are_missing_values(look: Look, texts: Sequence[str]) -> None:
    dates = [f"2024-01-{day + 1:02}" for day in range(ROWS - len(texts))]
    facts = look({"a": [*dates, *texts], "b": ["x", "y"] * 15})
    assert {marker.text for marker in facts.source.markers} == set(texts)
    assert (facts["a"].reading.kind, facts["a"].missing) == ("date", len(texts))
    assert str(facts.source.markers[0]).endswith("is no date, so it is read as missing")
    with pytest.raises(DataError, match="is not a date"):
        look({"a": [*dates[4:], "p", "q", "r", "s", *texts], "b": ["x", "y"] * 15})


def test_a_marker_may_be_in_several_columns(look: Look) -> None:
    facts = look({"a": with_texts("-"), "b": with_texts("-"), "c": ["x", "y"] * 15})
    assert [marker.column for marker in facts.source.markers] == ["a", "b"]
    assert (facts["a"].missing, facts["b"].missing) == (1, 1)


@pytest.mark.parametrize("texts", [["p", "q", "r", "s"], ["1_000"], ["inf"], ["unknown", "inf"], ["x"]])
def test_other_texts_are_errors(look: Look, texts: Sequence[str]) -> None:
    """More than three, numbers in a wrong notation, and texts that are a category of another column."""
    with pytest.raises(DataError, match="column 'a': '"):
        look({"a": with_texts(*texts), "b": ["x", "y"] * 15})


def test_other_faults_of_the_file_remain(look: Look) -> None:
    rows = "\n".join(f"{value},x" for value in with_texts("-"))
    with pytest.raises(DataError, match="has 3 values"):
        look(f"a,b\n{rows}\n1,2,3\n")


def test_a_table_without_faults_has_no_markers(look: Look) -> None:
    assert look({"a": NUMBERS}).source.markers == ()
