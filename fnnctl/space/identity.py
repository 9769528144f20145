"""Equality of a domain's values, and steps between them.

Steps are computed in decimal arithmetic, so 0.1 + 2·0.1 is exactly 0.3.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

DIGITS: Final = 12
"""Significant digits of a value reached by factors: the square root of 10, applied twice, gives 10."""


def identity(value: Any) -> Hashable:
    """A key that equal values share: 1 equals 1.0, but not true."""
    match value:
        case bool() | str() | None:
            return type(value).__name__, value
        case int() | float():
            return "number", value
        case Mapping():
            return "mapping", frozenset((key, identity(inner)) for key, inner in value.items())
        case _:
            return "list", tuple(identity(inner) for inner in value)


def index_of(value: Any, values: Sequence[Any]) -> int | None:
    """The index of a value, or None if it is not one of the values. A range may be very long."""
    if isinstance(values, range):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        is_number = isinstance(whole, int) and not isinstance(whole, bool)
        return values.index(whole) if is_number and whole in values else None
    return next((index for index, each in enumerate(values) if identity(each) == identity(value)), None)


def nearest(values: Sequence[Any], number: float) -> Any:
    """The nearest of the values, which ascend. A range may be very long."""
    if isinstance(values, range) and values.step == 1:
        return min(max(round(number), values[0]), values[-1])
    above = bisect_left(values, number)
    return min(values[max(0, above - 1) : above + 1], key=lambda value: abs(value - number))


def steps_between(low: float, high: float, step: float) -> int:
    """The number of whole steps between two values; 0 if `low` is above `high`."""
    return max(0, math.floor((decimal(high) - decimal(low)) / decimal(step)))


def factors_between(low: float, high: float, factor: float) -> int:
    """The number of whole factors between two values above 0, without losing one to rounding."""
    return max(0, math.floor(math.log(high / low) / math.log(factor) + 1e-9))


def added(start: float, step: float, steps: range) -> list[float]:
    """The values `start + k·step` for each k in `steps`."""
    return [float(decimal(start) + k * decimal(step)) for k in steps]


def multiplied(low: float, high: float, factor: float) -> list[float]:
    """`low` times the powers of a factor, up to `high`."""
    powers = (decimal(low) * decimal(factor) ** k for k in range(factors_between(low, high, factor) + 1))
    return [min(float(f"{value:.{DIGITS}g}"), high) for value in powers]


def decimal(number: float) -> Decimal:
    """The number as the decimal that Python prints for it."""
    return Decimal(repr(number))
