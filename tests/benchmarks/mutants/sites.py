"""The mutants of a source: small changes that a test should notice.

The operators are the usual ones of mutation testing: a comparison, an arithmetic or a logical operator
becomes another one, a condition is negated, a number or a truth value changes, a statement is left out, and a
result becomes None. Texts are left alone, since tests should not repeat every sentence, and so are
annotations, docstrings, decorators and what only a type checker reads.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

COMPARISONS: Final = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
ARITHMETIC: Final = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
TYPES_ONLY: Final = "TYPE_CHECKING"


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """A change of one expression or statement, in words that stay the same if lines around it change."""

    file: str
    """Relative to the project's folder."""
    scope: str
    """The names of the classes and functions around it, with dots; empty for the module."""
    original: str
    replacement: str
    number: int
    """Which of the equal changes in its scope, from 0."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a mutant is in the present source of its file."""

    mutant: Mutant
    start: int
    end: int
    """The bytes that are replaced."""
    line: int
    in_function: bool
    """Whether the line runs when a function is called, and not when the module is imported."""

    def applied_to(self, source: bytes) -> bytes:
        """The changed source."""
        return source[: self.start] + self.mutant.replacement.encode() + source[self.end :]


def sites_of(file: str, source: bytes) -> list[Site]:
    """All mutants of a file, in the order of its lines."""
    offsets = [0]
    for line in source.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    nodes = sorted(_mutable(ast.parse(source), ""), key=lambda node: (node[0].lineno, node[0].col_offset))
    sites: list[Site] = []
    numbers: Counter[tuple[str, str, str]] = Counter()
    for node, scope, in_function in nodes:
        start = offsets[node.lineno - 1] + node.col_offset
        end = offsets[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        original = source[start:end].decode()
        for replacement in _replacements(node):
            key = scope, original, replacement
            mutant = Mutant(file, *key, numbers[key])
            numbers[key] += 1
            sites.append(Site(mutant, start, end, node.lineno, in_function))
    return sites


def _mutable(
    node: ast.AST, scope: str, *, in_function: bool = False
) -> Iterator[tuple[ast.expr | ast.stmt, str, bool]]:
    """The nodes below whose change can matter, their scope, and whether a function's call runs them."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        inside = in_function or (field == "body" and isinstance(node, ast.FunctionDef | ast.Lambda))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.If) and TYPES_ONLY in ast.dump(child.test):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child, scope, inside
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.Assert):
                name = f"{scope}.{child.name}" if isinstance(child, ast.ClassDef | ast.FunctionDef) else scope
                yield from _mutable(child, name.lstrip("."), in_function=inside)


def _replacements(node: ast.expr | ast.stmt) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[operator]):
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            yield f"({left} {COMPARISONS[type(operator)]} {right})"
        case ast.BoolOp(op=operator):
            joint = " or " if isinstance(operator, ast.And) else " and "
            yield f"({joint.join(f'({ast.unparse(value)})' for value in node.values)})"
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC and not _is_text(node):
            yield f"(({ast.unparse(node.left)}) {ARITHMETIC[type(operator)]} ({ast.unparse(node.right)}))"
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield f"({value} + 1)"
        case ast.IfExp(test=test):
            body, otherwise = ast.unparse(node.body), ast.unparse(node.orelse)
            yield f"(({body}) if not ({ast.unparse(test)}) else ({otherwise}))"
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield "return None"
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise():
            yield "pass"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.BinOp) -> bool:
    """Whether a side is a text, to which nothing but another text can be added."""
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )
