from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.text import plain_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Iris setosa", "Iris setosa"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x9b31m", "31m"),
        ("evil\u202etxt", "eviltxt"),
        ("lone \udcff surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
        ("日本 🐧", "日本 🐧"),
        ("$a_b$ [/] <b> \\n", "$a_b$ [/] <b> \\n"),
        ("carriage\r\nreturn", "carriage  return"),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@given(st.text(st.characters(categories=["Cc", "Cs", "Cf", "Zl", "Zp", "L"])))
def test_plain_text_is_one_line_that_any_terminal_can_show(text: str) -> None:
    plain = plain_text(text)
    assert plain.splitlines() in ([plain], [])
    assert all(unicodedata.category(character) not in {"Cc", "Cs"} for character in plain)
