"""Environment variables in the values of a config: `${VAR}`, and `${VAR:-default}` for one that may be unset.

One scalar gives one scalar: what a variable holds never becomes a list, a mapping or a key. `$${` stands for
the characters `${`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.yaml_text import plain_scalar
from fnnctl.text import quoted

MARK: Final = "${"
LITERAL: Final = "$${"
_START: Final = r"\$?\$\{"
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_FORMS: Final = "write ${VAR} or ${VAR:-default}, or $${ for the characters themselves"


class VariableError(ValueError):
    """A text has a variable that is not there, or is not written as one; the text says which."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """The value of a scalar with variables, and their names."""

    value: Any
    variables: tuple[str, ...]


class Variables:
    """The environment variables that a config may name; together their values become only so long."""

    def __init__(self, environment: Mapping[str, str], most: int) -> None:
        """`most` is the number of characters of the values of all variables together."""
        self._environment = environment
        self._most = self._left = most

    def expanded(self, text: str, *, is_plain: bool) -> Expanded:
        """The value of a scalar; `is_plain` is whether it has no quotes.

        A plain scalar that is a single variable is read as its value would be; an empty one is a text. Raises
        `VariableError`.
        """
        parts, names, end = [], [], 0
        for start in re.finditer(_START, text):
            parts.append(text[end : start.start()])
            if start[0] == LITERAL:
                parts.append(MARK)
                end = start.end()
                continue
            variable = _VARIABLE.match(text, start.start())
            if variable is None:
                raise VariableError(_why_no_variable(text[start.start() :]))
            names.append(variable[1])
            parts.append(self._value(variable[1], variable[2]))
            self._left -= len(parts[-1])
            if self._left < 0:
                raise VariableError(f"is too long: all variables have at most {self._most:,} characters")
            end = variable.end()
        value = "".join([*parts, text[end:]])
        is_scalar = is_plain and _VARIABLE.fullmatch(text) is not None
        plain = value.strip(" \t")  # as YAML does
        return Expanded(plain_scalar(plain) if is_scalar and plain else value, tuple(names))

    def _value(self, name: str, default: str | None) -> str:
        value = self._environment.get(name)
        if default is not None:
            return value or default
        if value is None:
            advice = f"set it, or write ${{{name}:-DEFAULT}}"
            raise VariableError(f"needs the environment variable {name}, which is not set; {advice}")
        return value


def as_literal(value: Any) -> Any:
    """A value of a config, written so that no part of it is a variable."""
    if isinstance(value, str):
        return value.replace(MARK, LITERAL)
    if isinstance(value, dict):
        return {as_literal(key): as_literal(inner) for key, inner in value.items()}
    return [as_literal(entry) for entry in value] if isinstance(value, list) else value


def literal_key(key: str) -> str:
    """A key with `$${` as the characters `${`; raises `VariableError` if there is a variable in it."""
    if any(start[0] == MARK for start in re.finditer(_START, key)):
        raise VariableError(
            f"a key cannot have a variable, as {quoted(key)} has; only values can, and $${{ stands for the "
            "characters themselves"
        )
    return key.replace(LITERAL, MARK)


def _why_no_variable(rest: str) -> str:
    """What is wrong with the beginning of a text, which starts as a variable does."""
    body, brace, _ = rest.removeprefix(MARK).partition("}")
    if MARK in body:
        return f"a variable cannot be in another one, as in {quoted(rest)}; {_FORMS}"
    if not brace:
        return f"the }} is missing after {quoted(rest)}; {_FORMS}"
    name, has_default, _ = body.partition(":-")
    if has_default and "{" in body:
        return f"a default cannot have braces, as in {quoted(rest)}; {_FORMS}"
    if not name:
        return f"{quoted(rest)} has no name; {_FORMS}"
    return f"{quoted(name)} is not the name of an environment variable; {_FORMS}"
