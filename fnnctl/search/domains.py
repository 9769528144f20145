"""What a search draws from: each domain maps the unit interval to its values, and back.

A domain's coordinate is the same measure for all: samplers draw in it, models and plots compare in it. A
number that lies between any two others is rounded to five digits of its range (of a logarithmic range, of
itself), so that a printed configuration is short, and is the configuration to the last bit.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Final, Protocol

from fnnctl.config.rules.domain_values import identity, index_of, normal_ends, values_of
from fnnctl.config.schema.domains import (
    ChoiceDomain,
    IntegerDomain,
    LogIntegerDomain,
    LogUniformDomain,
    NormalDomain,
    ScalarDomain,
    UniformDomain,
)

DIGITS: Final = 5
BELOW_ONE: Final = 1.0 - 2.0**-53
"""The largest number below 1."""


class Domain(Protocol):
    """One dimension's values."""

    @property
    def values(self) -> Sequence[Any] | None:
        """All of them in order; None where there is another between any two."""

    @property
    def log(self) -> bool:
        """Whether they are spread by their logarithm."""

    def value(self, u: float) -> Any:
        """The value at a point of [0, 1): the inverse of the distribution function."""

    def coordinate(self, value: Any) -> float:
        """A point of [0, 1) at which the value stands; the middle of its share where it has one."""

    def grid(self, resolution: int) -> Sequence[Any]:
        """So many values, evenly spread; all of them where there are fewer, or are steps or a choice."""

    def __contains__(self, value: Any) -> bool: ...


def domain_of(domain: ScalarDomain) -> Domain:
    """What to draw from, for a domain as the config has it."""
    values = values_of(domain)
    match domain:
        case ChoiceDomain(choice=choice):
            return Listed(choice)
        case IntegerDomain(step=step) if values is not None:
            return Listed(values, cut=step is None)
        case LogIntegerDomain(log_integer=(low, high), step=None):
            return Numbers(LogScale(low - 0.5, high + 0.5), low, high, values, cut=True)
        case UniformDomain(uniform=(low, high)):
            return Numbers(LinearScale(low, high), low, high) if values is None else Listed(values)
        case LogUniformDomain(log_uniform=(low, high)) if values is None:
            return Numbers(LogScale(low, high), low, high)
        case NormalDomain(normal=(mean, deviation)):
            low, high = normal_ends(domain)
            return Numbers(NormalScale(mean, deviation, low, high), low, high, values)
    return Listed(values or (), log=True)


@dataclass(frozen=True)
class Listed:
    """Values each of which is as likely as the others."""

    values: Sequence[Any]
    log: bool = False
    cut: bool = False
    """Whether a grid takes some of them only, where they are many."""

    def value(self, u: float) -> Any:
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def coordinate(self, value: Any) -> float:
        index = self._index(value)
        if index is None:
            raise ValueError(f"{value!r} is not in the domain")
        return (index + 0.5) / len(self.values)

    def grid(self, resolution: int) -> Sequence[Any]:
        last = len(self.values) - 1
        if not self.cut or last < resolution:
            return self.values
        return [self.values[round(last * k / (resolution - 1))] for k in range(resolution)]

    def __contains__(self, value: Any) -> bool:
        return self._index(value) is not None

    def _index(self, value: Any) -> int | None:
        if isinstance(self.values, range):
            return index_of(value, self.values)
        return self._indices.get(identity(value))

    @cached_property
    def _indices(self) -> dict[Hashable, int]:
        return {identity(value): index for index, value in enumerate(self.values)}


class Scale(Protocol):
    """A distribution of real numbers between two ends."""

    def at(self, u: float) -> float:
        """The number at a point of [0, 1]."""

    def of(self, number: float) -> float:
        """The point at which a number stands."""

    def spread(self, number: float) -> float:
        """A difference that matters around this number."""


@dataclass(frozen=True, slots=True)
class LinearScale:
    """Differences matter."""

    low: float
    high: float

    def at(self, u: float) -> float:
        return self.low + u * (self.high - self.low)

    def of(self, number: float) -> float:
        return (number - self.low) / (self.high - self.low)

    def spread(self, number: float) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class LogScale:
    """Ratios matter."""

    low: float
    high: float

    def at(self, u: float) -> float:
        return math.exp(math.log(self.low) + u * math.log(self.high / self.low))

    def of(self, number: float) -> float:
        return math.log(number / self.low) / math.log(self.high / self.low)

    def spread(self, number: float) -> float:
        return number * min(1.0, math.log(self.high / self.low))


@dataclass(frozen=True, slots=True)
class NormalScale:
    """A normal distribution without what lies beyond two ends."""

    mean: float
    deviation: float
    low: float
    high: float

    def at(self, u: float) -> float:
        below, above = self._tails()
        share = below + u * (above - below)
        if not 0.0 < share < 1.0:
            return self.low if share <= 0.0 else self.high
        return NormalDist(self.mean, self.deviation).inv_cdf(share)

    def of(self, number: float) -> float:
        below, above = self._tails()
        return (NormalDist(self.mean, self.deviation).cdf(number) - below) / (above - below)

    def spread(self, number: float) -> float:
        return min(self.deviation, self.high - self.low)

    def _tails(self) -> tuple[float, float]:
        normal = NormalDist(self.mean, self.deviation)
        return normal.cdf(self.low), normal.cdf(self.high)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of a distribution, rounded to a few digits or to the nearest of some values."""

    scale: Scale
    low: float
    high: float
    values: Sequence[Any] | None = None
    cut: bool = False
    """Whether a grid takes some of the values only, where they are many."""

    @property
    def log(self) -> bool:
        return isinstance(self.scale, LogScale)

    def value(self, u: float) -> Any:
        return self._rounded(self.scale.at(u))

    def coordinate(self, value: Any) -> float:
        return min(max(self.scale.of(value), 0.0), BELOW_ONE)

    def grid(self, resolution: int) -> Sequence[Any]:
        if self.values is not None and (not self.cut or len(self.values) <= resolution):
            return self.values
        if isinstance(self.scale, NormalScale):  # whose ends are next to impossible
            return [self.value((k + 0.5) / resolution) for k in range(resolution)]
        scale = LogScale(self.low, self.high) if self.cut else self.scale
        inner = (self._rounded(scale.at(k / (resolution - 1))) for k in range(1, resolution - 1))
        return list(dict.fromkeys((self.low, *inner, self.high)))

    def __contains__(self, value: Any) -> bool:
        if self.values is not None:
            return index_of(value, self.values) is not None
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high
        )

    def _rounded(self, number: float) -> Any:
        if self.values is not None:
            return _nearest(self.values, number)
        decimals = DIGITS - math.ceil(math.log10(self.scale.spread(number)))
        return min(max(round(number, decimals), self.low), self.high)


def _nearest(values: Sequence[Any], number: float) -> Any:
    """The nearest of some values in order; whole numbers may be very many, and have no gaps then."""
    if isinstance(values, range):
        return min(max(round(number), values[0]), values[-1])
    above = bisect_left(values, number)
    return min(values[max(0, above - 1) : above + 1], key=lambda value: abs(value - number))
