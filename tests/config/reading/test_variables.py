from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.reading.variables import (
    Expanded,
    VariableError,
    Variables,
    as_literal,
    literal_key,
)
from fnnctl.config.reading.yaml_reader import MAX_BYTES, read_yaml
from fnnctl.config.yaml_text import block_yaml, plain_scalar
from fnnctl.errors import ConfigError
from tests.messages import Messages

ENVIRONMENT = {
    "EPOCHS": "50", "RATE": "1e-3", "ON": "true", "NONE": "null", "TEXT": "a: b", "LIST": "[1, 2]",
    "EMPTY": "", "_a1": "x", "DOLLAR": "${EPOCHS}",
}  # fmt: skip


def expanded(text: str, *, is_plain: bool = True) -> Any:
    return Variables(ENVIRONMENT, MAX_BYTES).expanded(text, is_plain=is_plain).value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${EPOCHS}", 50),
        ("${RATE}", 0.001),
        ("${ON}", True),
        ("${NONE}", None),
        ("${TEXT}", "a: b"),
        ("${LIST}", "[1, 2]"),
        ("${EMPTY}", ""),
        ("${NOPE:-}", ""),
        ("${NOPE:-7}", 7),
        ("${NOPE:-~}", None),
        ("${EMPTY:-7}", 7),
        ("${EPOCHS:-7}", 50),
        ("${NOPE:- 7 }", 7),
        ("${NOPE:-a-:b}", "a-:b"),
        ("${_a1}", "x"),
        ("${DOLLAR}", "${EPOCHS}"),
        ("${EPOCHS}0", "500"),
        ("x${EPOCHS}${EMPTY}${_a1}", "x50x"),
        ("$EPOCHS $ $$ {EPOCHS}", "$EPOCHS $ $$ {EPOCHS}"),
        ("$${EPOCHS} ${EPOCHS} $${", "${EPOCHS} 50 ${"),
        ("$$${EPOCHS}", "$${EPOCHS}"),
        ("$${5}", "${5}"),
    ],
)
def test_one_scalar_gives_one_scalar(text: str, value: Any) -> None:
    result = expanded(text)
    assert result == value
    assert type(result) is type(value)


def test_with_quotes_it_is_text() -> None:
    text = "a: '${EPOCHS}'\nb: \"${EPOCHS}\"\nc: ${EPOCHS}\nd: |-\n  ${EPOCHS}\ne: >-\n  ${EPOCHS}\n"
    document = read_yaml(text, variables=Variables(ENVIRONMENT, MAX_BYTES))
    assert document.value == {"a": "50", "b": "50", "c": 50, "d": "50", "e": "50"}
    assert document.variables == {(key,): ("EPOCHS",) for key in "abcde"}


def test_the_names_of_the_variables_are_known() -> None:
    result = Variables(ENVIRONMENT, MAX_BYTES).expanded("${EPOCHS} ${NOPE:-3} $${ON}", is_plain=True)
    assert result == Expanded("50 3 ${ON}", ("EPOCHS", "NOPE"))


@pytest.mark.parametrize(
    "text",
    [
        "${NOPE}", "a ${NOPE} b", "${", "${EPOCHS", "x ${EPOCHS:-3", "${}", "${:-3}", "${5}", "${a.b}",
        "${a b}", "${EPOCHS:?x}", "${EPOCHS-3}", "${env:EPOCHS}", "${ÜX}", "${A:-${B}}", "${A:-$${}",
        "${${A}}", "${A:-{x: 1}}", "${" + "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_variable_is_refused_in_words(text: str, messages: Messages) -> None:
    with pytest.raises(VariableError) as caught:
        expanded(text)
    messages.check(caught.value)


def test_a_key_has_no_variable(messages: Messages) -> None:
    assert literal_key("a $${b} $") == "a ${b} $"
    document = read_yaml("a: 1\n${EPOCHS}: 2\n$${EPOCHS}: 3\n", variables=Variables(ENVIRONMENT, MAX_BYTES))
    assert document.value == {"a": 1, "${EPOCHS}": 3}
    (problem,) = document.problems
    messages.check(problem)


def test_brackets_need_quotes_around_a_variable(messages: Messages) -> None:
    for text in ("a: [1, ${EPOCHS}]", "a: 1\nb: {c: ${EPOCHS}}", "a: [\n${EPOCHS}]"):
        with pytest.raises(ConfigError) as caught:
            read_yaml(text, variables=Variables(ENVIRONMENT, MAX_BYTES))
        messages.check(caught.value)


def test_a_complete_config_has_no_variables() -> None:
    text = "complete: true\nnotes: {text: '${EPOCHS} $${'}\n${a}: 1\n"
    document = read_yaml(text, variables=Variables(ENVIRONMENT, MAX_BYTES))
    assert document.value == {"complete": True, "notes": {"text": "${EPOCHS} $${"}, "${a}": 1}
    assert read_yaml("'${a}'").value == "${a}"


def test_what_a_variable_holds_is_checked_as_the_file_is(messages: Messages) -> None:
    document = read_yaml(
        "a: x ${A}${B}\nb: ${C}", variables=Variables({"A": "\x07", "B": "", "C": "\udc80"}, 100)
    )
    for problem in document.problems:
        messages.check(problem)


def test_all_texts_together_have_a_bound() -> None:
    variables = Variables({"A": "x" * 400}, most=1000)
    variables.expanded("${A}${A}", is_plain=False)
    with pytest.raises(VariableError, match="too long"):
        variables.expanded("${A}", is_plain=False)


@given(st.text(st.sampled_from("${}A:-x"), max_size=12))
def test_a_literal_text_is_itself_again(text: str) -> None:
    assert Variables({}, MAX_BYTES).expanded(as_literal(text), is_plain=True).value == text
    written = block_yaml(as_literal({text: [text]}))
    document = read_yaml(written, variables=Variables({}, MAX_BYTES))
    assert (document.value, document.problems) == ({text: [text]}, [])


@given(st.text(max_size=20))
def test_a_value_is_never_structure(value: str) -> None:
    result = Variables({"A": value}, MAX_BYTES).expanded("${A}", is_plain=True).value
    assert not isinstance(result, list | dict)
    assert repr(result) == repr(plain_scalar(value) if value else "")
