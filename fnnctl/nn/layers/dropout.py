"""Dropout: activations that are left out at random while training, and alpha dropout for selu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.nn.layers.activations import Selu
from fnnctl.nn.member_generators import MemberGenerators


@dataclass(frozen=True, slots=True)
class DropoutBuffers:
    """What a dropout writes to, each (K, units, batch)."""

    kept: BoolArray
    factor: FloatArray
    """What the activations, and later the error terms, are multiplied with."""


class Dropout:
    """a ← a·m/q, where m is 1 with probability q = 1 − rate (Srivastava et al., 2014, "inverted").

    The mean activation stays as it is, so that nothing is left to do after training.
    """

    def __init__(self, rate: FloatArray, dtype: np.dtype[np.floating]) -> None:
        """`rate` is each member's share of dropped activations, (K,)."""
        self._keep = 1.0 - rate
        self._scale = self._factor(self._keep).astype(dtype)[:, None, None]

    def forward(self, a: FloatArray, buffers: DropoutBuffers, rngs: MemberGenerators) -> None:
        """Drop activations a, (K, units, batch), in place."""
        rngs.bernoulli(self._keep, buffers.kept)
        np.multiply(buffers.kept, self._scale, out=buffers.factor)
        a *= buffers.factor

    def backward(self, delta: FloatArray, buffers: DropoutBuffers) -> None:
        """From ∂L/∂a after dropout to that before it, in place."""
        delta *= buffers.factor

    def _factor(self, keep: FloatArray) -> FloatArray:
        return 1.0 / keep


class AlphaDropout(Dropout):
    """a ← A·(a·m + α′(1 − m)) + B with α′ = −λα, selu's lowest value (Klambauer et al., 2017).

    A = (q + α′²q(1 − q))^(−½) and B = −A(1 − q)α′ keep mean 0 and variance 1. Where an activation is kept
    that is A·a + B, elsewhere A·α′ + B.
    """

    LOWEST = -Selu.SCALE * Selu.ALPHA

    def __init__(self, rate: FloatArray, dtype: np.dtype[np.floating]) -> None:
        super().__init__(rate, dtype)
        A = self._factor(self._keep)
        B = -A * (1.0 - self._keep) * self.LOWEST
        self._shift, self._dropped = (x.astype(dtype)[:, None, None] for x in (B, A * self.LOWEST))

    def forward(self, a: FloatArray, buffers: DropoutBuffers, rngs: MemberGenerators) -> None:
        super().forward(a, buffers, rngs)
        a += self._shift
        np.logical_not(buffers.kept, out=buffers.kept)
        a += buffers.kept * self._dropped

    def _factor(self, keep: FloatArray) -> FloatArray:
        return (keep + self.LOWEST**2 * keep * (1.0 - keep)) ** -0.5
