from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.space.expression_parser import MAX_CHARACTERS, MAX_NESTED, ExpressionError, parse


def message_of(text: str) -> str:
    with pytest.raises(ExpressionError) as raised:
        parse(text, lambda name, column: name)
    return str(raised.value)


@pytest.mark.parametrize("nest", ["(", "-", "not ", "2**", "min(1, "])
def test_deep_expressions_are_refused(nest: str) -> None:
    deep = f"this is more than {MAX_NESTED} levels deep; write several expressions in a list"
    assert message_of(nest * 100 + "a < 3").endswith(f": {deep}")


def test_long_expressions_are_refused() -> None:
    text = "a" + "+a" * (MAX_CHARACTERS // 2 - 2) + "<1"
    assert parse(text, lambda name, column: name).truth({"a": -1}) is True
    assert message_of(text + " " * 2) == (
        f"column {MAX_CHARACTERS + 1}: there are more than {MAX_CHARACTERS:,} characters; "
        "write several expressions in a list"
    )


@given(st.text(alphabet="ab01.+-*/()<>=!&'\" andornotminmax,[]", max_size=40) | st.text(max_size=20))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    with suppress(ExpressionError):
        truth = parse(text, lambda name, column: name)
        assert all(1 <= node.column <= len(text) for node in truth.walk())


@pytest.mark.parametrize("text", ["-2 ** 2 == -4", "2 ** -1 == 0.5", "2 ** 3 ** 2 == 512", "7 - 2 - 1 == 4"])
def test_precedence_is_pythons(text: str) -> None:
    assert parse(text, lambda name, column: name).truth({}) is True
