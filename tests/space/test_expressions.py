from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.space.expression_parser import parse
from fnnctl.space.expressions import conjuncts

NAMES = ("a", "b", "c.d")
Text = st.SearchStrategy[str]


class Checked(float):
    """A float whose operations raise if Python's result is not finite or not real."""

    def _checked(self, result: Any) -> Checked:
        if isinstance(result, complex) or not math.isfinite(result):
            raise ArithmeticError
        return Checked(result)


def _operation(name: str) -> Callable[..., Checked]:
    plain = getattr(float, name)
    return lambda self, *others: self._checked(plain(self, *others))


for _name in ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__", "__neg__"):
    setattr(Checked, _name, _operation(_name))

numbers = st.sampled_from(["0", "1", "2", "0.5", ".25", "3.", "1e3", "1e-3", "1e200"])
atoms = numbers | st.sampled_from(NAMES)


def _larger(operands: Text) -> Text:
    return st.one_of(
        st.tuples(operands, st.sampled_from(["+", "-", "*", "/", "**", " - "]), operands).map("".join),
        operands.map("-{}".format),
        operands.map("({})".format),
        st.tuples(st.sampled_from(["min", "max"]), operands, operands).map("{0[0]}({0[1]}, {0[2]})".format),
    )


operands = st.recursive(atoms, _larger, max_leaves=6)
signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
comparisons = st.tuples(operands, st.lists(st.tuples(signs, operands), min_size=1, max_size=3)).map(
    lambda found: found[0] + "".join(f" {sign} {operand}" for sign, operand in found[1])
)
truths = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map("not {}".format),
        inner.map("({})".format),
    ),
    max_leaves=4,
)
values = st.fixed_dictionaries(
    {name: st.sampled_from([0.0, 1.0, 2.0, 3.0, -1.5, 0.1, 1e200]) for name in NAMES}
)


def as_python(text: str) -> str:
    """The same expression, whose numbers are `Checked`."""
    text = text.replace("c.d", "c_d")
    number = r"(?<![\w.])(\d+\.?\d*|\.\d+)(e-?\d+)?"
    return re.sub(number, lambda found: f"Checked({found[0]})", text)


@given(text=truths, values=values)
def test_it_agrees_with_python(text: str, values: dict[str, float]) -> None:
    names = {name.replace(".", "_"): Checked(value) for name, value in values.items()}
    truth = parse(text, lambda name, column: name)
    try:
        wanted = eval(as_python(text), {"Checked": Checked}, names)
    except ArithmeticError:
        with pytest.raises(ArithmeticError):
            truth.truth(values)
    else:
        assert truth.truth(values) is bool(wanted)


@given(text=truths, values=values)
def test_its_conjuncts_hold_together_if_it_holds(text: str, values: dict[str, float]) -> None:
    def holds(truth: Any) -> bool:
        try:
            return truth.truth(values) is not False
        except ArithmeticError:
            return False

    truth = parse(text, lambda name, column: name)
    assert holds(truth) == all(map(holds, list(conjuncts(truth))))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("a < 1", None),
        ("not a < 1", None),
        ("a < 1 and b == 2", None),
        ("a < 1 and b == 3", False),
        ("a < 1 or b == 2", True),
        ("a < 1 or b == 3", None),
        ("1 < b < a", None),
        ("3 < b < a", False),
        ("a / 0 < 1", None),
    ],
)
def test_what_depends_on_an_inactive_dimension_is_neither_true_nor_false(
    text: str, truth: bool | None
) -> None:
    assert parse(text, lambda name, column: name).truth({"b": 2}) is truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("a == 'x'", True),
        ('a != "x"', False),
        ("b == true", True),
        ("b == 1", False),
        ("c == null", True),
        ("d == 'elu'", True),
        ("e == 2", True),
        ("e == '2'", False),
        ("a == b", False),
    ],
)
def test_equality_of_values_that_are_no_numbers(text: str, truth: bool) -> None:
    values = {"a": "x", "b": True, "c": None, "d": {"name": "elu", "alpha": 0.5}, "e": 2}
    assert parse(text, lambda name, column: name).truth(values) is truth


@pytest.mark.parametrize(
    "text", ["a / 0 < 1", "a ** 999999 > 1", "(-a) ** 0.5 < 1", "s < 1", "t + 1 > 0", "9 ** 9 ** 9 ** 9 > a"]
)
def test_what_has_no_result(text: str) -> None:
    with pytest.raises(ArithmeticError):
        parse(text, lambda name, column: name).truth({"a": 3, "s": "auto", "t": True})
