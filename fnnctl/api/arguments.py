"""Checks of arguments of public functions: a wrong one is a `UsageError` that names it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TypeGuard

import numpy as np

from fnnctl.errors import UsageError
from fnnctl.modelling.explanations.partial_dependence import Pair
from fnnctl.runs.search_session import SearchOptions


def whole(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """A whole number of at least `least` and, if there is a limit, at most `most`."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least:
        if most is not None and value > most:
            raise UsageError(f"{name} must be at most {most:,}, not {value:,}")
        return int(value)
    raise UsageError(f"{name} must be a whole number of {least} or more, not {value!r}")


def whole_or_none(name: str, value: object, most: int | None = None) -> int | None:
    """A whole number of at least 1, or None for the default."""
    return None if value is None else whole(name, value, most=most)


def number(name: str, value: object, least: float) -> float:
    """A finite number of at least `least`."""
    if _is_number(value) and least <= value < math.inf:
        return float(value)
    raise UsageError(f"{name} must be a number of {least:g} or more, not {value!r}")


def seconds(name: str, value: object) -> float | None:
    """A positive number of seconds; None for no limit, which may be given as infinity."""
    if value is None or value == math.inf:
        return None
    if _is_number(value) and value > 0:
        return float(value)
    raise UsageError(f"{name} must be a positive number of seconds, not {value!r}")


def search_options(workers: object, max_trials: object, time_limit: object) -> SearchOptions:
    """The options of a search that may be given from Python."""
    return SearchOptions(
        workers=whole_or_none("workers", workers),
        max_trials=whole_or_none("max_trials", max_trials),
        time_limit=seconds("time_limit", time_limit),
    )


def probability(name: str, value: object) -> float | None:
    """A number from 0 to 1, or None for the default."""
    if value is None:
        return None
    if _is_number(value) and 0 <= value <= 1:
        return float(value)
    raise UsageError(f"{name} must be a probability from 0 to 1, not {value!r}")


def varied_columns(columns: object, pairs: object) -> tuple[int | Sequence[str], Sequence[Pair]]:
    """A number of columns or their names, and pairs of names."""
    if isinstance(columns, list | tuple) and all(isinstance(name, str) for name in columns):
        names: int | Sequence[str] = columns
    elif isinstance(columns, int | np.integer):
        names = whole("columns", columns, least=0)
    else:
        raise UsageError(f"columns must be a whole number or a list of names, not {columns!r}")
    checked: list[Pair] = []
    for pair in pairs if isinstance(pairs, list | tuple) else [pairs]:
        if not isinstance(pair, list | tuple) or [*map(type, pair)] != [str, str]:
            raise UsageError(f"pairs must be a list of pairs of names, such as [('a', 'b')], not {pairs!r}")
        checked.append((pair[0], pair[1]))
    if not names and not checked:
        raise UsageError("columns must be 1 or more, or name a column, unless there are pairs")
    return names, tuple(dict.fromkeys(checked))


def path_of(name: str, value: object) -> Path:
    """The path of a file or folder."""
    if isinstance(value, str | PathLike) and str(value):
        return Path(value)
    raise UsageError(f"{name} must be a path, not {value!r}")


def text_of(name: str, value: object) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    raise UsageError(f"{name} must be a text, not {value!r}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
