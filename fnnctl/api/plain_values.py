"""Settings from Python as the values that a YAML file has, of Python's own types.

Grids of scikit-learn hold numbers of NumPy, which are equal to Python's, but which no file can hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.config.paths import ConfigPath, problem_at
from fnnctl.config.reading.yaml_reader import MAX_DEPTH
from fnnctl.config.yaml_text import MAX_DIGITS
from fnnctl.errors import ConfigError
from fnnctl.space.dimensions import Dimension


def plain_value(value: Any, path: ConfigPath) -> Any:
    """The value at a path as YAML has it; an array of one dimension is a list.

    Raises `ConfigError` for what YAML does not have.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)  # of NumPy, or of an enumeration
        case int():
            if abs(value) >= 10**MAX_DIGITS:
                message = f"must be a number of at most {MAX_DIGITS:,} digits"
                raise ConfigError(problem_at(path, message))
            return int(value)
        case float() | np.floating():
            return float(value)
        case Path():
            return str(value)
        case Mapping():
            _refuse_depth(path)
            return {
                (name := _key(key, path)): plain_value(inner, (*path, name)) for key, inner in value.items()
            }
        case list() | tuple() | range():
            _refuse_depth(path)
            return [plain_value(inner, (*path, index)) for index, inner in enumerate(value)]
        case np.datetime64() | np.timedelta64() | np.ma.MaskedArray():
            raise _unusable(value, path)  # although their items may be integers
        case np.ndarray() if value.ndim <= 1:
            return plain_value(list(value) if value.ndim else value[()], path)
    if callable(item := getattr(value, "item", None)) and getattr(value, "ndim", None) == 0:
        return plain_value(item(), path)  # of NumPy, or of a library with tensors
    raise _unusable(value, path)


def plain_dimension(dimension: Dimension) -> Dimension:
    """A dimension whose bounds and choices are plain values; raises `ConfigError` for other ones."""
    domain: Any = dimension.domain
    values = {
        field.name: _plain_member(getattr(domain, field.name), (dimension.name, field.name))
        for field in fields(domain)
    }
    conditions = [
        replace(condition, values=_plain_member(condition.values, (dimension.name, "conditions")))
        for condition in dimension.conditions
    ]
    return replace(
        dimension,
        setting=str(dimension.setting),
        domain=replace(domain, **values),
        conditions=tuple(conditions),
    )


def _plain_member(value: Any, path: ConfigPath) -> Any:
    """A plain value of a dimension, whose lists are tuples; a range, which may be long, stays one."""
    if isinstance(value, range):
        return value
    plain = plain_value(value, path)
    return tuple(plain) if isinstance(plain, list) else plain


def _key(key: Any, path: ConfigPath) -> str:
    """The key of a mapping; a number stands for its digits."""
    plain = plain_value(key, path)
    if plain is None or isinstance(plain, list | dict):
        raise ConfigError(problem_at(path, f"has a key of type {type(key).__name__}; a key is a text"))
    return str(plain)


def _refuse_depth(path: ConfigPath) -> None:
    """Raise `ConfigError` for values within values without end, as of a list that contains itself."""
    if len(path) > MAX_DEPTH:
        raise ConfigError(problem_at(path[:1], f"is nested more than {MAX_DEPTH} levels deep"))


def _unusable(value: Any, path: ConfigPath) -> ConfigError:
    kind = type(value).__name__
    message = f"must be a value of a YAML file (numbers, texts, lists, mappings), not {kind}"
    return ConfigError(problem_at(path, message))
