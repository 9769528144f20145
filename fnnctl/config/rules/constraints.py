"""Checks the expressions of `search.require`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.config.paths import ConfigPath, Messages
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.constraints import Constraint, check_syntax, constraints_of
from fnnctl.space.dimensions import Dimension
from fnnctl.space.expression_parser import ExpressionError

REQUIRE: Final[ConfigPath] = ("search", "require")


def checked_constraints(
    search: SearchConfig, dimensions: Sequence[Dimension] | None
) -> tuple[list[Constraint], Messages]:
    """The constraints, and what is wrong with their expressions.

    `dimensions` is None if some domain is wrong: then only the form of the expressions is checked.
    """
    constraints: list[Constraint] = []
    messages: Messages = {}
    for index, text in enumerate(search.requirements):
        try:
            if dimensions is None:
                check_syntax(text)
            else:
                constraints += constraints_of(text, dimensions)
        except ExpressionError as error:
            messages[REQUIRE if isinstance(search.require, str) else (*REQUIRE, index)] = str(error)
    return constraints, messages
