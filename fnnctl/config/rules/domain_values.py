"""What values a domain has, where it has finitely many, and between which ends they lie.

Steps are taken in decimals, as they are written: 0.1 + 2·0.1 is 0.3.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from fnnctl.config.schema.domains import (
    ChoiceDomain,
    IntegerDomain,
    LogIntegerDomain,
    LogUniformDomain,
    NormalDomain,
    ScalarDomain,
    UniformDomain,
)

MOST_STEPS: Final = 100_000
"""So many values a domain with steps may have."""
_DIGITS = 12
"""Significant digits of a value that a factor leads to: the square root of 10, twice, is 10."""
_DEVIATIONS = 4
_FEW = 12
"""So many values are all tried."""


def values_of(domain: ScalarDomain) -> Sequence[Any] | None:
    """All values in order; None of a domain that has values between any two."""
    match domain:
        case ChoiceDomain():
            return domain.choice
        case IntegerDomain(integer=(low, high)):
            return range(low, high + 1, domain.step or 1)
        case LogIntegerDomain(log_integer=(low, high), step=None):
            return range(low, high + 1)
        case LogIntegerDomain(log_integer=(low, high), step=float(step)):
            return list(dict.fromkeys(round(value) for value in _multiplied(low, high, step)))
        case LogUniformDomain(log_uniform=(low, high), step=float(step)):
            return [low, *_multiplied(low, high, step)[1:]]
        case UniformDomain(uniform=(low, high), step=float(step)):
            return _added(low, step, range(steps_between(low, high, step) + 1))
        case NormalDomain(normal=(mean, _), step=float(step)):
            low, high = normal_ends(domain)
            below, above = steps_between(low, mean, step), steps_between(mean, high, step)
            return _added(mean, step, range(-below, above + 1))
    return None


def index_of(value: Any, values: Sequence[Any]) -> int | None:
    """Which of a domain's values this is, None where it is none; whole numbers may be very many."""
    if isinstance(values, range):
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        is_number = isinstance(whole, int) and not isinstance(whole, bool)
        return values.index(whole) if is_number and whole in values else None
    return next((index for index, each in enumerate(values) if identity(each) == identity(value)), None)


def values_to_try(domain: ScalarDomain) -> Sequence[Any]:
    """The values by which a domain is judged: all where they are few or a choice, else both ends."""
    values = values_of(domain)
    if values is None:
        return _ends(domain)
    return values if len(values) <= _FEW or isinstance(domain, ChoiceDomain) else [values[0], values[-1]]


def normal_ends(domain: NormalDomain) -> tuple[float, float]:
    """Where a normal distribution is cut off."""
    if domain.within is not None:
        return domain.within
    mean, deviation = map(_decimal, domain.normal)
    return float(mean - _DEVIATIONS * deviation), float(mean + _DEVIATIONS * deviation)


def steps_between(low: float, high: float, step: float) -> int:
    """How many whole steps fit between two values, 0 where the first is the larger."""
    return max(0, math.floor((_decimal(high) - _decimal(low)) / _decimal(step)))


def factors_between(low: float, high: float, factor: float) -> int:
    """How many whole factors fit between two values above 0; rounding takes none away."""
    return max(0, math.floor(math.log(high / low) / math.log(factor) + 1e-9))


def identity(value: Any) -> Hashable:
    """What two values have in common that are the same: 1 and 1.0 are, 1 and true are not."""
    match value:
        case bool() | str() | None:
            return type(value).__name__, value
        case int() | float():
            return "number", value
        case Mapping():
            return "mapping", frozenset((key, identity(inner)) for key, inner in value.items())
        case _:
            return "list", tuple(identity(inner) for inner in value)


def _ends(domain: ScalarDomain) -> Sequence[float]:
    match domain:
        case UniformDomain():
            return domain.uniform
        case LogUniformDomain():
            return domain.log_uniform
        case NormalDomain():
            return normal_ends(domain)
    return []


def _added(start: float, step: float, steps: range) -> list[float]:
    return [float(_decimal(start) + k * _decimal(step)) for k in steps]


def _multiplied(low: float, high: float, factor: float) -> list[float]:
    powers = (_decimal(low) * _decimal(factor) ** k for k in range(factors_between(low, high, factor) + 1))
    return [min(float(f"{value:.{_DIGITS}g}"), high) for value in powers]


def _decimal(number: float) -> Decimal:
    """The number as it is written."""
    return Decimal(repr(number))
