"""Random numbers for a pass over a batch: each member draws from its own generator.

So a member's draws do not depend on the other members of its stack.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray

_RESOLUTION = 2**16
"""A Bernoulli draw uses 16 bits, a quarter of a raw draw, so probabilities are off by at most 2⁻¹⁷."""


class MemberGenerators:
    """The generators of K members."""

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self.generators = tuple(generators)

    def bernoulli(self, probabilities: FloatArray, out: BoolArray) -> None:
        """Fill the mask `out`, (K, …), with True with each member's probability, (K,)."""
        count = out[0].size
        for rng, probability, mask in zip(self.generators, probabilities, out, strict=True):
            raw = rng.bit_generator.random_raw(-(-count // 4)).view(np.uint16)[:count]
            threshold = round(float(probability) * _RESOLUTION)
            if threshold == _RESOLUTION:
                mask.fill(True)
            else:
                np.less(raw.reshape(mask.shape), np.uint16(threshold), out=mask)

    def normals(self, out: FloatArray) -> None:
        """Fill `out`, (K, …), with standard normal numbers."""
        for rng, numbers in zip(self.generators, out, strict=True):
            rng.standard_normal(out=numbers, dtype=numbers.dtype.type)
