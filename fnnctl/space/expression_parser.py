"""Reads expressions such as `depth * width <= 512`; the grammar is a part of Python's.

either      = all {"or" all}
all         = negated {"and" negated}
negated     = "not" negated | comparison
comparison  = sum {("<" | "<=" | ">" | ">=" | "==" | "!=") sum}
sum         = product {("+" | "-") product}
product     = minus {("*" | "/") minus}
minus       = "-" minus | power
power       = atom ["**" minus]
atom        = NUMBER | TEXT | NAME | "true" | "false" | "null" | "(" either ")"
| ("min" | "max") "(" sum "," sum {"," sum} ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias
from typing import Literal as OneOf

from fnnctl.space.expressions import (
    EQUALITY,
    EXTREMES,
    ORDER,
    Chain,
    Comparison,
    Extreme,
    Joined,
    Literal,
    Minus,
    Name,
    Node,
    Not,
    Operand,
    Power,
    Truth,
)
from fnnctl.text import quoted

MAX_CHARACTERS: Final = 1000
MAX_NESTED: Final = 30
"""How deep parentheses and signs may be nested; each level is several calls deep."""
WORDS: Final = {"true": True, "false": False, "null": None}
INSTEAD: Final = {
    "=": "==", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "^": "**",
    "=<": "<=", "=>": ">=", "<>": "!=", "AND": "and", "OR": "or", "NOT": "not",
    "True": "true", "False": "false", "None": "null",
}  # fmt: skip
"""What other languages write, and what it is here."""
Resolve: TypeAlias = Callable[[str, int], str]
"""Gives the full name of what an expression names; raises `ExpressionError`. The number is the column."""

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    |(?P<name>[^\W\d]\w*(?:\.\w+|\[[0-9]+\])*)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<sign>\*\*|&&|\|\||=<|=>|<>|[<>=!]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_AN_OPERAND = "a name, a number or '('"


class ExpressionError(ValueError):
    """An expression is wrong; the message says in which column."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")


def parse(text: str, resolve: Resolve) -> Truth:
    """The expression in a text; raises `ExpressionError`."""
    if len(text) > MAX_CHARACTERS:
        message = f"there are more than {MAX_CHARACTERS:,} characters; write several expressions in a list"
        raise ExpressionError(MAX_CHARACTERS + 1, message)
    return _Parser(text, resolve).expression()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: OneOf["number", "name", "word", "text", "sign", "end"]
    text: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    for token in _TOKEN.finditer(text):
        column = token.start() + 1
        match token.lastgroup:
            case "number":
                yield _Token("number", token[0], column)
            case "name":
                yield _Token("word" if token[0] in _RESERVED else "name", token[0], column)
            case "text":
                yield _Token("text", token[0][1:-1], column)
            case "sign":
                if token[0] in "\"'":
                    raise ExpressionError(column, f"the text has no closing {token[0]}")
                yield _Token("sign", token[0], column)
    yield _Token("end", "", len(text) + 1)


_RESERVED: Final = {"and", "or", "not", *WORDS}


class _Parser:
    """Recursive descent: one method per rule of the grammar."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self._resolve = resolve
        self._tokens = list(_tokens(text))
        self._place = 0
        self._nested = 0

    def expression(self) -> Truth:
        """The whole text."""
        node = self._either()
        if self._token.kind != "end":
            raise self._unexpected("an operator or the end")
        return _truth(node)

    @property
    def _token(self) -> _Token:
        return self._tokens[self._place]

    def _accept(self, *texts: str) -> str | None:
        """Skip the next token if it is one of these signs or words."""
        token = self._token
        if token.kind not in {"sign", "word"} or token.text not in texts:
            return None
        self._place += 1
        return token.text

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._unexpected(f"'{text}'")

    def _unexpected(self, expected: str) -> ExpressionError:
        token = self._token
        if token.kind == "end":
            return ExpressionError(token.column, f"expected {expected}, but the expression ends")
        instead = INSTEAD.get(token.text) if token.kind != "text" else None
        suggestion = f" (write {instead})" if instead else ""
        return ExpressionError(token.column, f"expected {expected}, not {quoted(token.text)}{suggestion}")

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._nested += 1
        if self._nested > MAX_NESTED:
            message = f"this is more than {MAX_NESTED} levels deep; write several expressions in a list"
            raise ExpressionError(self._token.column, message)
        yield
        self._nested -= 1

    def _either(self) -> Node:
        return self._compound("or", self._all, decisive=True)

    def _all(self) -> Node:
        return self._compound("and", self._negated, decisive=False)

    def _compound(self, word: str, part: Callable[[], Node], *, decisive: bool) -> Node:
        column, first = self._token.column, part()
        parts = [first]
        while self._accept(word):
            parts.append(part())
        return Joined(tuple(map(_truth, parts)), decisive, column) if len(parts) > 1 else first

    def _negated(self) -> Node:
        column = self._token.column
        if not self._accept("not"):
            return self._comparison()
        with self._deeper():
            return Not(_truth(self._negated()), column)

    def _comparison(self) -> Node:
        column, first = self._token.column, self._sum()
        signs, operands = [], [first]
        while sign := self._accept(*ORDER, *EQUALITY):
            signs.append(sign)
            operands.append(self._sum())
        if not signs:
            return first
        pairs = pairwise(map(_operand, operands))
        compared = [
            Comparison(left, sign, right, left.column)
            for (left, right), sign in zip(pairs, signs, strict=True)
        ]
        return compared[0] if len(compared) == 1 else Joined(tuple(compared), False, column)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._minus)

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        column, first = self._token.column, part()
        rest = []
        while sign := self._accept(*signs):
            rest.append((sign, _operand(part())))
        return Chain(_operand(first), tuple(rest), column) if rest else first

    def _minus(self) -> Node:
        column = self._token.column
        if not self._accept("-"):
            return self._power()
        with self._deeper():
            operand = _operand(self._minus())
        if isinstance(operand, Literal) and type(operand.constant) is float:
            return Literal(-operand.constant, column)
        return Minus(operand, column)

    def _power(self) -> Node:
        column, base = self._token.column, self._atom()
        if not self._accept("**"):
            return base
        with self._deeper():
            return Power(_operand(base), _operand(self._minus()), column)

    def _atom(self) -> Node:
        token = self._token
        if self._accept("("):
            with self._deeper():
                inner = self._either()
            self._expect(")")
            return inner
        if token.kind not in {"number", "text", "name"} and token.text not in WORDS:
            raise self._unexpected(_AN_OPERAND)
        self._place += 1
        if token.kind == "number":
            return Literal(_number(token), token.column)
        if token.kind == "text":
            return Literal(token.text, token.column)
        if token.kind == "word":
            return Literal(WORDS[token.text], token.column)
        if token.text in EXTREMES and self._accept("("):
            return self._extreme(token)
        return Name(self._resolve(token.text, token.column), token.column)

    def _extreme(self, function: _Token) -> Node:
        with self._deeper():
            parts = [_operand(self._sum())]
            self._expect(",")
            parts.append(_operand(self._sum()))
            while self._accept(","):
                parts.append(_operand(self._sum()))
        self._expect(")")
        return Extreme(function.text, tuple(parts), function.column)


def _number(token: _Token) -> float:
    number = float(token.text)
    if number == float("inf"):
        raise ExpressionError(token.column, f"{token.text} is too large for a number")
    return number


def _truth(node: Node) -> Truth:
    if isinstance(node, Truth):
        return node
    raise ExpressionError(node.column, "expected a comparison, such as depth * width <= 512, not a value")


def _operand(node: Node) -> Operand:
    if isinstance(node, Operand):
        return node
    raise ExpressionError(node.column, "expected a number or a name, not a comparison")
