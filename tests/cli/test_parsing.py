from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.cli.parsing import age, column_names, number_from_0, seconds, whole_number
from fnnctl.errors import UsageError


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("-1", -1), ("+7", 7), ("9" * 30, int("9" * 30))])
def test_whole_numbers(text: str, number: int) -> None:
    assert whole_number("--seed")(text) == number


@pytest.mark.parametrize("text", ["", "abc", "1.0", "1e3", "1_0", " 1", "٣", "0x10", "9" * 5000])
def test_texts_that_are_not_whole_numbers(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--seed: must be a whole number, not '"):
        whole_number("--seed")(text)


def test_a_number_below_the_minimum() -> None:
    assert whole_number("--workers", least=1)("1") == 1
    with pytest.raises(UsageError, match=r"^--workers: must be a whole number of at least 1, not '0'$"):
        whole_number("--workers", least=1)("0")


@pytest.mark.parametrize("text", ["5%", "5 %", "0,05"])
def test_a_number_in_another_notation_is_translated(text: str) -> None:
    with pytest.raises(
        UsageError, match=rf"^--margin: must be a number, 0 or more, not '{text}' \(write 0\.05\)$"
    ):
        number_from_0("--margin")(text)


def test_a_number_above_the_maximum() -> None:
    digits = whole_number("--digits", least=0, most=17)
    assert [digits("0"), digits("17")] == [0, 17]
    for text in ("-1", "18", "9" * 30):
        with pytest.raises(
            UsageError, match=f"^--digits: must be a whole number from 0 to 17, not '{text}'$"
        ):
            digits(text)


def test_times() -> None:
    assert [seconds("--time-limit")(text) for text in ("0", "1.5", "1e3")] == [0.0, 1.5, 1000.0]
    assert [seconds("--time-limit")(text) for text in ("90s", "5m", "1.5h")] == [90.0, 300.0, 5400.0]
    for text in ("-1", "nan", "soon", "", "m", "5min", "-5m", "5 m 3", "1h30m", "inf", "1e999h"):
        with pytest.raises(
            UsageError, match=f"^--time-limit: must be a time such as 90, 90s, 5m or 1h, not '{text}'"
        ):
            seconds("--time-limit")(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("90m", 5400), ("12h", 43200), ("1.5d", 129600), ("2w", 1209600)]
)
def test_an_age_has_a_unit(text: str, expected: float) -> None:
    assert age("--older-than")(text) == expected


@pytest.mark.parametrize("text", ["30", "d", "-1d", "1y", "1e3d", "", "1234567d", "1 d"])
def test_other_ages_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--older-than: must be a number with a unit, such as 90m"):
        age("--older-than")(text)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1).map(str.strip)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ()),
        (["id"], ("id",)),
        (["id, full name", "x"], ("id", "full name", "x")),
        (['"price, net",id'], ("price, net", "id")),
        (["id", "all"], None),
        (['"all"'], ("all",)),
        (["all,id"], ("all", "id")),
    ],
)
def test_names(words: list[str], names: tuple[str, ...] | None) -> None:
    assert column_names("--keep", words) == names


@given(st.lists(NAMES.filter(bool), min_size=1, max_size=4))
def test_a_csv_header_is_read_back(names: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="", quoting=csv.QUOTE_ALL).writerow(names)
    assert column_names("--keep", [line.getvalue()]) == tuple(names)


@pytest.mark.parametrize("word", ["", " ", "a,", ",a", '"a', '"a"b', "a\nb"])
def test_blank_names_and_open_quotes(word: str) -> None:
    with pytest.raises(UsageError, match=r"^--keep '.*': write names with commas between them, or all; "):
        column_names("--keep", ["id", word])
