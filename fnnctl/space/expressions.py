"""Expressions over the values of dimensions: numbers, comparisons, and what they evaluate to.

All arithmetic is in floats. A comparison that names an inactive dimension is neither true nor false, and so
is what depends on it: Kleene's three-valued logic. Operations without a finite real result raise
`ArithmeticError`, as do those of values that are not numbers.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from fnnctl.space.identity import identity

Values: TypeAlias = Mapping[str, Any]
"""The values of the active dimensions, by name."""
ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITY: Final = ("==", "!=")
EXTREMES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {"min": min, "max": max}


class Node(ABC):
    """A part of an expression."""

    column: int
    """Where it begins in the text, from 1."""

    @property
    def parts(self) -> Sequence[Node]:
        """The parts that it consists of."""
        return ()

    def walk(self) -> Iterator[Node]:
        """The node, and everything in it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the dimensions in it."""
        return frozenset(node.name for node in self.walk() if isinstance(node, Name))


class Operand(Node):
    """An arithmetic expression."""

    @abstractmethod
    def value(self, values: Values) -> Any:
        """The value; all dimensions in it must be active."""

    def number(self, values: Values) -> float:
        """The value as a finite number."""
        value = self.value(values)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ArithmeticError(f"{value!r} is not a number")
        return _finite(float(value))


class Truth(Node):
    """A Boolean expression."""

    @abstractmethod
    def truth(self, values: Values) -> bool | None:
        """Whether it is true; None if that depends on an inactive dimension."""


@dataclass(frozen=True)
class Literal(Operand):
    """A number, a text, true, false or null."""

    constant: float | str | bool | None
    column: int

    def value(self, values: Values) -> Any:
        return self.constant


@dataclass(frozen=True)
class Name(Operand):
    """The value of a dimension; a section stands for its name."""

    name: str
    column: int

    def value(self, values: Values) -> Any:
        return plain_value(values[self.name])


@dataclass(frozen=True)
class Minus(Operand):
    """The negative of a number."""

    operand: Operand
    column: int

    @property
    def parts(self) -> Sequence[Operand]:
        return (self.operand,)

    def value(self, values: Values) -> float:
        return -self.operand.number(values)


@dataclass(frozen=True)
class Chain(Operand):
    """Sums and differences, or products and quotients, from left to right."""

    first: Operand
    rest: tuple[tuple[str, Operand], ...]
    """Each with the operator before it."""
    column: int

    @property
    def parts(self) -> Sequence[Operand]:
        return (self.first, *(operand for _, operand in self.rest))

    def value(self, values: Values) -> float:
        result = self.first.number(values)
        for sign, operand in self.rest:
            result = ARITHMETIC[sign](result, operand.number(values))
        return _finite(result)


@dataclass(frozen=True)
class Power(Operand):
    """One number to the power of another."""

    base: Operand
    exponent: Operand
    column: int

    @property
    def parts(self) -> Sequence[Operand]:
        return (self.base, self.exponent)

    def value(self, values: Values) -> float:
        result: float | complex = self.base.number(values) ** self.exponent.number(values)
        if isinstance(result, complex):
            raise ArithmeticError("the power is not a real number")
        return result


@dataclass(frozen=True)
class Extreme(Operand):
    """The smallest or the largest of several numbers."""

    function: str
    operands: tuple[Operand, ...]
    column: int

    @property
    def parts(self) -> Sequence[Operand]:
        return self.operands

    def value(self, values: Values) -> float:
        return EXTREMES[self.function]([operand.number(values) for operand in self.operands])


@dataclass(frozen=True)
class Comparison(Truth):
    """Two values and the sign between them."""

    left: Operand
    sign: str
    right: Operand
    column: int

    @property
    def parts(self) -> Sequence[Operand]:
        return (self.left, self.right)

    def truth(self, values: Values) -> bool | None:
        if any(name not in values for name in self.names):
            return None
        if self.sign in ORDER:
            return ORDER[self.sign](self.left.number(values), self.right.number(values))
        equal = identity(self.left.value(values)) == identity(self.right.value(values))
        return equal == (self.sign == "==")


@dataclass(frozen=True)
class Not(Truth):
    """True if its part is false."""

    part: Truth
    column: int

    @property
    def parts(self) -> Sequence[Truth]:
        return (self.part,)

    def truth(self, values: Values) -> bool | None:
        inner = self.part.truth(values)
        return None if inner is None else not inner


@dataclass(frozen=True)
class Joined(Truth):
    """Parts joined by `and` or by `or`. As in Python, those after a decisive one are not evaluated."""

    truths: tuple[Truth, ...]
    decisive: bool
    """The truth of a part that decides: false for `and`, true for `or`."""
    column: int

    @property
    def parts(self) -> Sequence[Truth]:
        return self.truths

    def truth(self, values: Values) -> bool | None:
        result: bool | None = not self.decisive
        for part in self.truths:
            truth = part.truth(values)
            if truth is self.decisive:
                return truth
            if truth is None:
                result = None
        return result


def plain_value(value: Any) -> Any:
    """The value as expressions compare it: a section stands for its name."""
    return value.get("name") if isinstance(value, Mapping) else value


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise OverflowError("the number is not finite")
    return number


def conjuncts(truth: Truth) -> Iterator[Truth]:
    """The parts of which each must be true, if the whole must be true."""
    if isinstance(truth, Joined) and not truth.decisive:
        for part in truth.truths:
            yield from conjuncts(part)
    else:
        yield truth
