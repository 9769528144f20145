"""Domains of numbers: between two ends or from a normal distribution, with or without steps.

Without steps, a number is rounded to five digits of the domain's range (in a logarithmic range: of the number
itself), so that a printed configuration is short and still exact to the last bit. Steps are computed in
decimal arithmetic, so 0.1 + 2·0.1 is exactly 0.3.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar, Final

from fnnctl.space.domains import BELOW_ONE, Domain, DomainPath, DomainProblem
from fnnctl.space.identity import index_of
from fnnctl.text import counted

DIGITS: Final = 5
FACTOR_DIGITS: Final = 12
"""Significant digits of a value reached by factors: the square root of 10, applied twice, gives 10."""
MAX_STEPS: Final = 100_000
"""The maximum number of values of a domain with steps."""
FEW: Final = 12
"""A domain with at most this many values is checked with all of them."""
DEVIATIONS: Final = 4
"""Standard deviations between the mean of a normal distribution and its default ends."""
MOVE: Final = 0.1
"""The distance to a neighbour in a domain without steps, as a share of the unit interval."""


class NumberDomain(Domain):
    """Numbers between two ends, with or without steps."""

    step: float | None

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest number."""

    @abstractmethod
    def _number(self, u: float) -> float:
        """The number at a point of [0, 1], before rounding."""

    @abstractmethod
    def _position(self, number: float) -> float:
        """The point of a number; the inverse of `_number`."""

    @abstractmethod
    def _spread(self, number: float) -> float:
        """The size to whose five digits a number is rounded: the domain's range, or the number itself."""

    @abstractmethod
    def _cut(self, resolution: int) -> Sequence[Any]:
        """At most `resolution` evenly spread values."""

    @property
    def _even(self) -> bool:
        """Whether all values are equally likely; otherwise `_number` defines their distribution."""
        return self.step is not None

    def value(self, u: float) -> Any:
        return super().value(u) if self._even else self._rounded(self._number(u))

    def coordinate(self, value: Any) -> float:
        return super().coordinate(value) if self._even else min(max(self._position(value), 0.0), BELOW_ONE)

    def share(self, value: Any) -> tuple[float, float]:
        if self._even:
            return super().share(value)
        index, values = self._index(value), self.values
        if values is None or index is None:
            return self.coordinate(value), self.coordinate(value)
        low, high = 0.0, 1.0
        if index > 0:
            low = self._position((values[index - 1] + values[index]) / 2)
        if index + 1 < len(values):
            high = self._position((values[index] + values[index + 1]) / 2)
        return low, high

    def nearest_coordinate(self, value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if self.values is not None:
            return self.coordinate(nearest(self.values, value))
        low, high = self.ends
        return self.coordinate(min(max(value, low), high))

    def grid(self, resolution: int) -> Sequence[Any]:
        if self.values is not None and (self.step is not None or len(self.values) <= resolution):
            return self.values
        return self._cut(resolution)

    def values_to_try(self) -> Sequence[Any]:
        if self.values is None:
            return self.ends
        return self.values if len(self.values) <= FEW else [self.values[0], self.values[-1]]

    def neighbours(self, value: Any) -> list[Any]:
        """Without steps, the values a tenth of the domain away, or the next ones if those are farther."""
        here = self.coordinate(value)
        moved = [self.value(min(max(here + move, 0.0), BELOW_ONE)) for move in (-MOVE, MOVE)]
        index = self._index(value)
        if self.values is not None and index is not None:
            near = [self.values[max(index - 1, 0)], self.values[min(index + 1, len(self.values) - 1)]]
            moved = near if self.step else [min(near[0], moved[0]), max(near[1], moved[1])]
        return [neighbour for neighbour in moved if neighbour != value]

    def __contains__(self, value: Any) -> bool:
        if self.values is not None:
            return super().__contains__(value)
        low, high = self.ends
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    def _rounded(self, number: float) -> Any:
        if self.values is not None:
            return nearest(self.values, number)
        low, high = self.ends
        decimals = DIGITS - math.ceil(math.log10(self._spread(number)))
        return min(max(round(number, decimals), low), high)

    def _order_problems(self, key: str) -> Iterator[DomainProblem]:
        low, high = self.ends
        if low > high:
            yield (key,), f"the minimum, {low}, is above the maximum, {high}; write [{high}, {low}]"
        elif low == high:
            suggestion = f"write {{choice: [{low}]}}, or set it outside the search"
            yield (key,), f"has only one value, {low}; {suggestion}"


@dataclass(frozen=True)
class Range(NumberDomain):
    """Numbers from `low` to `high`. In a logarithmic range, the step is a factor."""

    whole: ClassVar[bool] = False

    low: float
    high: float
    step: float | None = None

    @cached_property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    @cached_property
    def values(self) -> Sequence[float] | None:
        low, high, step = self.low, self.high, self.step
        if self.whole and not (self.log and step):
            return range(int(low), int(high) + 1, int(step or 1))
        if step is None:
            return None
        if not self.log:
            return _added(low, step, range(steps_between(low, high, step) + 1))
        values = _multiplied(low, high, step)
        return list(dict.fromkeys(map(round, values))) if self.whole else [low, *values[1:]]

    def problems(self) -> Iterator[DomainProblem]:
        yield from self._order_problems(self.key)
        low, high, step = self.low, self.high, self.step
        if self.log and low <= 0:
            suggestion = f"write a small number, or {self.key.removeprefix('log_')}: [{low}, {high}]"
            yield (self.key, 0), f"must be above 0 on a logarithmic scale, not {low}; {suggestion}"
        elif self.log and math.isinf(high / low):
            yield (self.key, 0), f"is too close to 0 for a range up to {high}; write 1e-290 or more"
        elif step is not None and low < high:
            steps = factors_between(low, high, step) if self.log else steps_between(low, high, step)
            if not steps and self.log:
                yield ("step",), f"is a factor here, and larger than the ratio of {high} to {low}"
            elif not steps:
                yield ("step",), f"is larger than the whole domain, from {low} to {high}"
            elif steps >= MAX_STEPS and not self.whole:
                message = f"gives the domain {steps + 1:,} values; write a larger one, or leave it out"
                yield ("step",), message

    def path_of(self, value: Any) -> DomainPath:
        index = index_of(value, self.ends)
        return (self.key,) if index is None else (self.key, index)

    @cached_property
    def _even(self) -> bool:
        return self.step is not None or (self.whole and not self.log)

    @cached_property
    def _outer(self) -> tuple[float, float]:
        """The ends of the distribution: each whole number stands for half a unit to either side."""
        return (self.low - 0.5, self.high + 0.5) if self.whole else self.ends

    def _number(self, u: float) -> float:
        low, high = self._outer
        return self._between(low, high, u)

    def _between(self, low: float, high: float, u: float) -> float:
        return math.exp(math.log(low) + u * math.log(high / low)) if self.log else low + u * (high - low)

    def _position(self, number: float) -> float:
        low, high = self._outer
        return math.log(number / low) / math.log(high / low) if self.log else (number - low) / (high - low)

    def _spread(self, number: float) -> float:
        low, high = self.ends
        return number * min(1.0, math.log(high / low)) if self.log else high - low

    def _cut(self, resolution: int) -> Sequence[Any]:
        parts = (k / (resolution - 1) for k in range(1, resolution - 1))
        inner = (self._rounded(self._between(*self.ends, part)) for part in parts)
        return list(dict.fromkeys((self.low, *inner, self.high)))


class Uniform(Range):
    """A number between two bounds, uniformly distributed."""

    key = "uniform"


class LogUniform(Range):
    """A number between two bounds, uniform on a logarithmic scale."""

    key = "log_uniform"
    log = True


class Integer(Range):
    """A whole number, uniformly distributed."""

    key = "integer"
    whole = True

    def _cut(self, resolution: int) -> Sequence[Any]:
        last = self.high - self.low
        return [self.low + round(last * k / (resolution - 1)) for k in range(resolution)]


class LogInteger(Range):
    """A whole number, uniform on a logarithmic scale."""

    key = "log_integer"
    log = True
    whole = True


@dataclass(frozen=True)
class Normal(NumberDomain):
    """A number from a truncated normal distribution; steps count from the mean."""

    key = "normal"
    _even = False

    mean: float
    deviation: float
    within: tuple[float, float] | None = None
    """The ends; None for four standard deviations around the mean."""
    step: float | None = None

    @cached_property
    def ends(self) -> tuple[float, float]:
        if self.within is not None:
            return self.within
        mean, deviation = _decimal(self.mean), _decimal(self.deviation)
        return float(mean - DEVIATIONS * deviation), float(mean + DEVIATIONS * deviation)

    @cached_property
    def values(self) -> Sequence[float] | None:
        if self.step is None:
            return None
        low, high = self.ends
        below = steps_between(low, self.mean, self.step)
        return _added(self.mean, self.step, range(-below, steps_between(self.mean, high, self.step) + 1))

    def path_of(self, value: Any) -> DomainPath:
        return (self.key,)

    def problems(self) -> Iterator[DomainProblem]:
        if self.deviation <= 0:
            message = f"is the standard deviation and must be above 0, not {self.deviation}"
            yield ("normal", 1), message
            return
        yield from self._order_problems("within")
        low, high = self.ends
        if low >= high:
            return
        below, above = self._tails
        if below == above:
            yield ("within",), f"is too far from the mean, {self.mean}, to contain any value"
        if self.step is not None:
            steps = steps_between(low, high, self.step)
            if not low <= self.mean <= high:
                message = f"counts from the mean, {self.mean}, so the mean must be between {low} and {high}"
                yield ("step",), message
            elif not steps or steps >= MAX_STEPS:
                values = counted(steps + 1, "value")
                yield ("step",), f"gives the domain {values}; write another one, or leave it out"

    @property
    def _normal(self) -> NormalDist:
        return NormalDist(self.mean, self.deviation)

    @cached_property
    def _tails(self) -> tuple[float, float]:
        """The shares of the untruncated distribution below each end."""
        low, high = self.ends
        return self._normal.cdf(low), self._normal.cdf(high)

    def _number(self, u: float) -> float:
        below, above = self._tails
        share = below + u * (above - below)
        if not 0.0 < share < 1.0:
            return self.ends[0] if share <= 0.0 else self.ends[1]
        return self._normal.inv_cdf(share)

    def _position(self, number: float) -> float:
        below, above = self._tails
        return (self._normal.cdf(number) - below) / (above - below)

    def _spread(self, number: float) -> float:
        low, high = self.ends
        return min(self.deviation, high - low)

    def _cut(self, resolution: int) -> Sequence[Any]:
        """The middles of equal shares, because the ends themselves are very unlikely."""
        return [self.value((k + 0.5) / resolution) for k in range(resolution)]


def nearest(values: Sequence[Any], number: float) -> Any:
    """The nearest of the values, which ascend. A range may be very long."""
    if isinstance(values, range) and values.step == 1:
        return min(max(round(number), values[0]), values[-1])
    above = bisect_left(values, number)
    return min(values[max(0, above - 1) : above + 1], key=lambda value: abs(value - number))


def steps_between(low: float, high: float, step: float) -> int:
    """The number of whole steps between two values; 0 if `low` is above `high`."""
    return max(0, math.floor((_decimal(high) - _decimal(low)) / _decimal(step)))


def factors_between(low: float, high: float, factor: float) -> int:
    """The number of whole factors between two values above 0, without losing one to rounding."""
    return max(0, math.floor(math.log(high / low) / math.log(factor) + 1e-9))


def _added(start: float, step: float, steps: range) -> list[float]:
    """The values `start + k·step` for each k in `steps`."""
    return [float(_decimal(start) + k * _decimal(step)) for k in steps]


def _multiplied(low: float, high: float, factor: float) -> list[float]:
    """`low` times the powers of a factor, up to `high`."""
    powers = (_decimal(low) * _decimal(factor) ** k for k in range(factors_between(low, high, factor) + 1))
    return [min(float(f"{value:.{FACTOR_DIGITS}g}"), high) for value in powers]


def _decimal(number: float) -> Decimal:
    """The number as the decimal that Python prints for it."""
    return Decimal(repr(number))
