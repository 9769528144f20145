"""What samplers draw from: sequences of points in the unit cube, permutations, and rejection by constraints.

A point depends only on the seed and its number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Final, TypeAlias

import numpy as np

from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.domains import BELOW_ONE
from fnnctl.space.space import Space

Points: TypeAlias = Callable[[int], Sequence[float]]
"""Returns the point with this number, counted from 0: one number in [0, 1) per dimension."""
MAX_REJECTED: Final = 100_000
"""After this many rejections in a row, practically nothing fulfils the constraints."""


def pseudo_random(dimensions: int, *, seed: int) -> Points:
    """Independent points, each from a stream of its own."""

    def point(index: int) -> Sequence[float]:
        numbers: list[float] = stream(seed, Purpose.POINTS, index).random(dimensions).tolist()
        return numbers

    return point


def low_discrepancy(dimensions: int, *, seed: int) -> Points:
    """A scrambled Halton sequence: its first n points fill the cube more evenly than random ones, for any n.

    A point's i-th coordinate is its number in base p_i, the i-th prime, mirrored at the radix point. Each
    digit, including zeros, goes through a random permutation of its place, so that every single point is
    uniformly distributed (Owen, A randomized Halton algorithm in R, 2017).
    """
    scrambled = [
        _scrambled(base, stream(seed, Purpose.SCRAMBLE, index))
        for index, base in enumerate(islice(_primes(), dimensions))
    ]
    return lambda index: [number(index) for number in scrambled]


SEQUENCES: Final[Mapping[str, Callable[..., Points]]] = {
    "pseudo_random": pseudo_random,
    "low_discrepancy": low_discrepancy,
}


def _scrambled(base: int, rng: np.random.Generator) -> Callable[[int], float]:
    """The radical inverse in this base with permuted digits, in the full precision of a float."""
    digits = math.ceil(53 / math.log2(base))
    permutations: list[list[int]] = [rng.permutation(base).tolist() for _ in range(digits)]
    whole: int = base**digits

    def number(index: int) -> float:
        mirrored = 0
        for permutation in permutations:
            index, digit = divmod(index, base)
            mirrored = mirrored * base + permutation[digit]
        return min(mirrored / whole, BELOW_ONE)

    return number


def _primes() -> Iterator[int]:
    primes: list[int] = []
    for candidate in count(2):
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
            yield candidate


def shuffled(size: int, *, seed: int) -> Iterator[int]:
    """A random permutation of `range(size)`; time and memory grow only with the part that is read.

    This is a Fisher-Yates shuffle that stores only the moved entries of the array.
    """
    rng = stream(seed, Purpose.SHUFFLE)
    moved: dict[int, int] = {}
    for index in range(size):
        here = moved.pop(index, index)
        other_index = index + _below(size - index, rng)
        if other_index == index:
            yield here
        else:
            yield moved.get(other_index, other_index)
            moved[other_index] = here


def _below(bound: int, rng: np.random.Generator) -> int:
    """A random whole number in [0, bound), for a bound of any size; its bias is less than 2⁻⁶⁴."""
    return int.from_bytes(rng.bytes(bound.bit_length() // 8 + 9), "big") % bound


def allowed(candidates: Iterable[Assignment], space: Space, most: int = MAX_REJECTED) -> Iterator[Assignment]:
    """The candidates that the space allows, until `most` in a row are rejected."""
    rejected = 0
    for assignment in candidates:
        if space.allows(assignment):
            rejected = 0
            yield assignment
        else:
            rejected += 1
            if rejected >= most:
                return
