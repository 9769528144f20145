"""What the values of a journal's records must be, so that reports and resumes can rely on it.

The checksums of a journal of another version, or of another program, are right, but its types may not be. The
functions return the value of a record, or raise TypeError or ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final

from fnnctl.records.confirmation import CONFIRM
from fnnctl.records.trials import CURVE, FOLDS
from fnnctl.text import cut

NO_KEY: Final = "it has no key '{}'"
MAX_COUNT: Final = 10**15
"""More epochs, rows or trials no search has; arrays of reports hold sums of them."""
RUNGS: Final = "rungs"
"""The setting that holds the epochs of each bracket's rungs, if results are also recorded between rungs. It
follows from the plan."""
MEMBERS: Final = "members"
"""The setting that holds the number of networks of the refitted winner, if there are several."""


def to_optional_float(value: Any) -> float | None:
    """A number, which may be NaN."""
    try:
        return None if value is None else float(value)
    except OverflowError:  # an integer of more than 308 digits
        raise ValueError(f"{_shown(value)} is too large") from None


def to_finite_float(value: Any) -> float | None:
    """None for NaN and infinity, of which no mean can be taken."""
    number = to_optional_float(value)
    return number if number is not None and math.isfinite(number) else None


def _shown(value: Any) -> str:
    return cut(repr(value))


def to_count(value: Any) -> int:
    """A whole number that arrays can have, as every count of a search is."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{_shown(value)} is no number of a trial, a seed, rows or epochs")
    return value


def to_budget(value: Any) -> int:
    """A number of epochs, at least 1: figures have it on a logarithmic scale."""
    if to_count(value) == 0:
        raise ValueError("a budget of 0 epochs")
    return int(value)


def to_optional_count(value: Any) -> int | None:
    """See `to_count`."""
    return None if value is None else to_count(value)


def to_optional_text(value: Any) -> str | None:
    """A text, such as a reason."""
    if not isinstance(value, str | None):
        raise TypeError(f"{_shown(value)} is no text")
    return value


def to_mapping(value: Any) -> dict[str, Any]:
    """An object of the JSON."""
    if not isinstance(value, dict):
        raise TypeError(f"{_shown(value)} is no object")
    return value


def to_facts(value: Any) -> dict[str, Any] | None:
    """What reports read of a result's facts has its type; the rest is compared with what is trained again."""
    if value is None:
        return None
    stated = to_mapping(value)
    curves, folds = stated.get(CURVE), stated.get(FOLDS)
    if curves is not None:
        for curve in to_mapping(curves).values():
            _check_numbers(_list(curve))
    if folds is not None:
        _check_numbers(_list(folds))
    return stated


def _check_numbers(values: list[Any]) -> None:
    kinds = {*map(type, values)}  # a journal can have very many values, and nearly all are floats
    if not kinds <= {float, int, NoneType}:
        raise TypeError(f"{_shown(values)} has values that are no numbers")
    if int in kinds:
        for value in values:
            to_optional_float(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{_shown(value)} is no list")
    return value


def _rungs(value: Any) -> None:
    for ladder in to_mapping(value).values():
        for epochs in _list(ladder):
            to_count(epochs)


def _confirm(value: Any) -> None:
    if value is not None:
        counts = to_mapping(value)
        for name in ("top", "seeds"):
            if name not in counts:
                raise ValueError(NO_KEY.format(name))
            to_count(counts[name])


def _budget(value: Any) -> None:
    if value is not None:
        factor = to_mapping(value).get("reduction_factor")
        if not isinstance(factor, int | float | None) or (factor is not None and not 1 < factor <= MAX_COUNT):
            raise ValueError(f"{_shown(factor)} is no reduction factor")


_SETTINGS: Final[Mapping[str, Callable[[Any], object]]] = {
    "objective": to_mapping,
    "paths": _list,
    "scales": to_mapping,
    "budget": _budget,
    RUNGS: _rungs,
    CONFIRM: _confirm,
    **dict.fromkeys(("trials", "max_trials", "concurrency", "batch", "horizon", MEMBERS), to_optional_count),
}
"""Those that reports and resumes read; whether their values fit, only the search knows."""


def to_settings(value: Any) -> dict[str, Any]:
    """The settings of a header, or those that a resume changes."""
    stated = to_mapping(value)
    for name, check in _SETTINGS.items():
        if name in stated:
            check(stated[name])
    return stated
