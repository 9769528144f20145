from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.numbers import almost_number, ordered, plain_number, plain_numbers
from tests.messages import Messages

NUMBERLIKE = st.text("0123456789.,eE+-_ \t١infna", max_size=8)


def test_plain_numbers_by_hand() -> None:
    numbers = {"1": 1.0, "-2.5": -2.5, "+.5": 0.5, "5.": 5.0, "1e3": 1000.0, "007": 7.0}
    assert {text: plain_number(text) for text in numbers} == numbers
    others = ["inf", "nan", "-Infinity", "1e999", "1_000", "١٢", "\uff11\uff12", "0x10", "1,5", "1e", ".", ""]
    assert [text for text in (*others, " 1", "1\n", "1 2") if plain_number(text) is not None] == []


@given(st.lists(NUMBERLIKE | st.floats().map(repr), min_size=1), st.sampled_from([(), ("-1",), ("1_0",)]))
def test_a_block_is_read_as_its_values_are_one_by_one(texts: list[str], more: tuple[str, ...]) -> None:
    missing = frozenset({"", "nan", *more})
    singly = [math.nan if text.strip() in missing else plain_number(text.strip()) for text in texts]
    block = plain_numbers(texts, missing)
    if None in singly:
        assert block is None
    else:
        np.testing.assert_array_equal(block, np.array(singly, float))


@pytest.mark.parametrize(
    "texts",
    [
        ["-0", "-0.0", "0", "-0e5", "1"],
        ["9007199254740993", "9007199254740992.5", "1" * 300, "0.1", "2.5e-324", "1e-400"],
        ["+1", ".5", "5.", "007", "1E5"],
        ["1e22", "1e23", "8.41e21", "123456789012345678901234567890.5e-30"],
    ],
)
def test_numbers_have_the_bits_of_float(texts: list[str]) -> None:
    expected = np.array([*map(float, texts)])
    for some in (texts, *([text] for text in texts)):
        found = plain_numbers(some, frozenset())
        assert found is not None
        assert found.tobytes() == (expected if some is texts else np.array([float(some[0])])).tobytes()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from("rge"))
def test_any_floats_have_their_bits(values: list[float], form: str) -> None:
    texts = [repr(value) if form == "r" else f"{value:.17{form}}" for value in values]
    found = plain_numbers(texts, frozenset())
    assert found is not None
    assert found.tobytes() == np.array([*map(float, texts)]).tobytes()


def test_what_only_json_takes_for_a_number() -> None:
    for text in ("true", "null", "[1]", '"5"', "1,2", "1,", "1}", "{}", "1 /*", "NaN"):
        assert plain_numbers([text, "1"], frozenset()) is None


def test_a_value_that_is_nearly_a_number_gets_the_reason(messages: Messages) -> None:
    for text in ("1_000", "١٢", "-inf", "1e999", "3,5", "1,234,567.5", "1.234,5"):
        messages.check(almost_number(text))
    assert [text for text in ("abc", "1;2", "12 kg", "5") if almost_number(text)] == []


def test_texts_are_sorted_as_numbers_only_where_all_are() -> None:
    assert ordered(["10", "9", "-1", "1.0", "1"]) == ("-1", "1", "1.0", "9", "10")
    assert ordered(["10", "9", "b", "a"]) == ("10", "9", "a", "b")
    assert ordered(["1", "-1", f"1e-{'9' * 20}"]) == ("-1", f"1e-{'9' * 20}", "1")
    assert ordered(["9007199254740993", "9007199254740992"]) == ("9007199254740992", "9007199254740993")
