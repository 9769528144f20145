from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.cli.parsing import age, column_names, number_from_0, seconds, whole_number
from fnnctl.errors import UsageError
from tests.messages import Messages

PARSERS: dict[str, Callable[[str], float]] = {
    "--seed": whole_number("--seed"),
    "--workers": whole_number("--workers", least=1),
    "--digits": whole_number("--digits", least=0, most=17),
    "--margin": number_from_0("--margin"),
    "--time-limit": seconds("--time-limit"),
    "--older-than": age("--older-than"),
}
VALUES: dict[str, dict[str, float]] = {
    "--seed": {"0": 0, "-1": -1, "+7": 7, "9" * 30: int("9" * 30)},
    "--workers": {"1": 1},
    "--digits": {"0": 0, "17": 17},
    "--margin": {"0": 0.0, "0.05": 0.05},
    "--time-limit": {"0": 0.0, "1.5": 1.5, "1e3": 1000.0, "90s": 90.0, "5m": 300.0, "1.5h": 5400.0},
    "--older-than": {"90m": 5400.0, "12h": 43200.0, "1.5d": 129600.0, "2w": 1209600.0},
}
WRONG = {
    "--seed": ["", "abc", "1.0", "1e3", "1_0", " 1", "٣", "0x10", "9" * 5000],
    "--workers": ["0"],
    "--digits": ["-1", "18", "9" * 30],
    "--margin": ["5%", "5 %", "0,05", "-1", "nan"],
    "--time-limit": ["-1", "nan", "soon", "", "m", "5min", "-5m", "5 m 3", "1h30m", "inf", "1e999h"],
    "--older-than": ["30", "d", "-1d", "1y", "1e3d", "", "1234567d", "1 d"],
}


@pytest.mark.parametrize("option", PARSERS)
def test_texts_are_numbers(option: str) -> None:
    for text, value in VALUES[option].items():
        number = PARSERS[option](text)
        assert (text, number, type(number)) == (text, value, type(value))
        assert math.isfinite(number)


@pytest.mark.parametrize("option", PARSERS)
def test_other_texts_are_refused(option: str, messages: Messages) -> None:
    for text in WRONG[option]:
        with pytest.raises(UsageError) as raised:
            PARSERS[option](text)
        messages.check(raised.value)


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
