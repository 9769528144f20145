"""Dropout, which drops activations at random in training, and alpha dropout for selu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.nn.layers.activations import Selu
from fnnctl.nn.member_generators import MemberGenerators


@dataclass(frozen=True, slots=True)
class DropoutBuffers:
    """The arrays that dropout writes to, (K, units, batch) each."""

    kept: BoolArray
    factor: FloatArray
    """The factors of the activations and, on the way back, of the error terms."""


class Dropout:
    """a ← a·m/q, where m is 1 with probability q = 1 − rate (Srivastava et al., 2014, "inverted").

    The mean activation does not change, so no scaling is needed after training.
    """

    def __init__(self, rate: FloatArray, dtype: np.dtype[np.floating]) -> None:
        """`rate`, (K,), is each member's fraction of dropped activations."""
        self._keep = 1.0 - rate
        self._scale = self._factor(self._keep).astype(dtype)[:, None, None]

    def forward(self, a: FloatArray, buffers: DropoutBuffers, rngs: MemberGenerators) -> None:
        """Drop activations a, (K, units, batch), in place."""
        rngs.bernoulli(self._keep, buffers.kept)
        np.multiply(buffers.kept, self._scale, out=buffers.factor)
        a *= buffers.factor

    def backward(self, delta: FloatArray, buffers: DropoutBuffers) -> None:
        """Overwrite ∂L/∂a after dropout, (K, units, batch), with ∂L/∂a before it."""
        delta *= buffers.factor

    def _factor(self, keep: FloatArray) -> FloatArray:
        return 1.0 / keep


class AlphaDropout(Dropout):
    """a ← A·(a·m + α′(1 − m)) + B with α′ = −λα, selu's lowest value (Klambauer et al., 2017).

    A = (q + α′²q(1 − q))^(−½) and B = −A(1 − q)α′ keep mean 0 and variance 1. An activation that is kept
    becomes A·a + B, a dropped one A·α′ + B.
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
