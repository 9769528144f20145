"""Random permutations of very long ranges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fnnctl.seeds import Purpose, stream


def shuffled(size: int, *, seed: int) -> Iterator[int]:
    """A random permutation of `range(size)`; time and memory grow only with the part that is read.

    This is a Fisher-Yates shuffle that stores only the moved entries of the array.
    """
    rng = stream(seed, Purpose.SHUFFLE)
    moved: dict[int, int] = {}
    for place in range(size):
        here = moved.pop(place, place)
        other = place + _below(size - place, rng)
        if other == place:
            yield here
        else:
            yield moved.get(other, other)
            moved[other] = here


def _below(bound: int, rng: np.random.Generator) -> int:
    """A random whole number in [0, bound), for a bound of any size; its bias is less than 2⁻⁶⁴."""
    return int.from_bytes(rng.bytes(bound.bit_length() // 8 + 9), "big") % bound
