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
        self._rate, self._dtype = rate, dtype
        self.plan(np.ones((1, len(rate))))

    def plan(self, shares: FloatArray) -> None:
        """Set the rates of an epoch's steps, as shares of the rate, (steps, K), and go to the first."""
        self._keeps = 1.0 - shares * self._rate
        self._scales = self._cast(self._factor(self._keeps))
        self.go_to(0)

    def go_to(self, step: int) -> None:
        """Use the rates of this step of the plan."""
        self._keep, self._scale = self._keeps[step], self._scales[step]

    def _cast(self, factors: FloatArray) -> FloatArray:
        return factors.astype(self._dtype)[..., None, None]

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

    def plan(self, shares: FloatArray) -> None:
        keeps = 1.0 - shares * self._rate
        A = self._factor(keeps)
        B = -A * (1.0 - keeps) * self.LOWEST
        self._shifts, self._droppeds = (self._cast(factors) for factors in (B, A * self.LOWEST))
        super().plan(shares)

    def go_to(self, step: int) -> None:
        super().go_to(step)
        self._shift, self._dropped = self._shifts[step], self._droppeds[step]

    def forward(self, a: FloatArray, buffers: DropoutBuffers, rngs: MemberGenerators) -> None:
        super().forward(a, buffers, rngs)
        a += self._shift
        np.logical_not(buffers.kept, out=buffers.kept)
        a += buffers.kept * self._dropped

    def _factor(self, keep: FloatArray) -> FloatArray:
        return (keep + self.LOWEST**2 * keep * (1.0 - keep)) ** -0.5
