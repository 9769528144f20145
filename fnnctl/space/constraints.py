"""Constraints: expressions over dimensions that every configuration of a search must fulfil.

A comparison that names an inactive dimension holds, and so does its negation. A constraint does not hold if
its arithmetic has no result: after a division by zero, an overflow, or a calculation with a text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.expression_parser import ExpressionError, parse
from fnnctl.space.expressions import (
    EQUALITY,
    Chain,
    Comparison,
    Extreme,
    Literal,
    Minus,
    Name,
    Node,
    Power,
    Truth,
    conjuncts,
    plain_value,
)
from fnnctl.space.identity import identity
from fnnctl.text import did_you_mean, joined_words, quoted, word_list


@dataclass(frozen=True, slots=True)
class Constraint:
    """One condition on the values of dimensions."""

    truth: Truth

    @property
    def names(self) -> frozenset[str]:
        """The names of the dimensions that it compares."""
        return self.truth.names

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the values of the active dimensions, by name, fulfil it."""
        try:
            return self.truth.truth(values) is not False
        except ArithmeticError:
            return False


def constraints_of(text: str, dimensions: Iterable[Dimension]) -> list[Constraint]:
    """The constraints in a text, one per part that `and` joins; raises `ExpressionError`."""
    by_name = {dimension.name: dimension for dimension in dimensions}
    truth = parse(text, _Names(by_name).full_name)
    for node in truth.walk():
        _check(node, by_name)
    parts = list(conjuncts(truth))
    for part in parts:
        if not part.names:
            raise ExpressionError(part.column, "names no dimension, so it is always true or always false")
    return [Constraint(part) for part in parts]


def check_syntax(text: str) -> None:
    """Raise `ExpressionError` if a text is no expression, whatever its names stand for."""
    parse(text, lambda name, column: name)


class _Names:
    """What expressions may call dimensions: by their full names, or by last parts that only one has."""

    def __init__(self, full_names: Iterable[str]) -> None:
        self._full: dict[str, str] = {_normal(name): name for name in full_names}
        self._ends: dict[str, list[str]] = {}
        for normal, name in self._full.items():
            for end in _ends(normal):
                self._ends.setdefault(end, []).append(name)

    def full_name(self, text: str, column: int) -> str:
        """The full name of the dimension that a text stands for; raises `ExpressionError`."""
        text = _normal(text)
        candidates = [self._full[text]] if text in self._full else self._ends.get(text, [])
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise ExpressionError(column, f"'{text}' is ambiguous: it can be {' or '.join(candidates[:3])}")
        dimensions = f"; the dimensions are {word_list(list(self._full.values()))}"
        first = next((end for end in self._ends if end.startswith(f"{text}[")), None)  # one of several layers
        near = did_you_mean(text, self._ends) if first is None else f" (did you mean '{first}'?)"
        raise ExpressionError(column, f"there is no dimension '{text}'{near or dimensions}")


def _normal(name: str) -> str:
    """`hidden.0.units` and `hidden[0].units` are the same name."""
    return re.sub(r"\.([0-9]+)(?![^.\[])", r"[\1]", name)


def _ends(name: str) -> Iterator[str]:
    """The name and all of its ends: `a.b.c`, `b.c`, `c`."""
    yield name
    for dot in re.finditer(r"\.", name):
        yield name[dot.end() :]


def _check(node: Node, dimensions: Mapping[str, Dimension]) -> None:
    """Refuse calculations with what is never a number, and comparisons with what a dimension never is."""
    if isinstance(node, Comparison) and node.sign in EQUALITY:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and (message := _never_equal(one, other, dimensions)):
                raise ExpressionError(other.column, message)
    elif isinstance(node, Comparison | Chain | Minus | Power | Extreme):
        for part in node.parts:
            if reason := _no_number(part, dimensions):
                raise ExpressionError(
                    part.column, f"{reason}, and only numbers are ordered or calculated with"
                )


def _never_equal(one: Node, literal: Literal, dimensions: Mapping[str, Dimension]) -> str | None:
    """Why something never equals a literal; None if it can."""
    constant = literal.constant
    if not isinstance(one, Name):
        return None if type(constant) is float else f"a number is never {_value_text(constant)}"
    domain = dimensions[one.name].domain
    never = f"{one.name} is never {_value_text(constant)}"
    if isinstance(domain, Choice):
        values = [plain_value(value) for value in domain.choice]
        meant = did_you_mean(str(constant), [value for value in values if isinstance(value, str)])
        hint = meant or f"; its domain has {word_list(list(map(_value_text, values)))}"
        return None if identity(constant) in map(identity, values) else never + hint
    if constant in domain:
        return None
    if domain.values and type(constant) is float:
        above = bisect_left(domain.values, constant)
        around = domain.values[max(0, above - 1) : above + 1]
        nearest = "its nearest values are" if len(around) > 1 else "its nearest value is"
        return f"{never}; {nearest} {joined_words([*map(_value_text, around)])}"
    low, *_, high = domain.values_to_try()
    return f"{never}; its values go from {_value_text(low)} to {_value_text(high)}"


def _no_number(operand: Node, dimensions: Mapping[str, Dimension]) -> str | None:
    """Why an operand is never a number; None if it can be one."""
    if isinstance(operand, Literal) and type(operand.constant) is not float:
        return f"{_value_text(operand.constant)} is not a number"
    if isinstance(operand, Name):
        domain = dimensions[operand.name].domain
        if isinstance(domain, Choice) and not any(map(_is_number, domain.choice)):
            return f"no value of {operand.name} is a number"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value_text(value: Any) -> str:
    """A value as an expression writes it."""
    match value:
        case None | bool():
            return str(value).lower().replace("none", "null")
        case int() | float():
            return f"{value:.12g}"
        case _:
            return quoted(str(value))
