"""The periodic embedding: e = A cos(2πwx + c) + a, with learned frequencies w and phases c for each number.

It lets a network learn functions of a number that change quickly (Gorishniy et al., 2022; the form is that of
Holzmüller et al., 2024, called PBLD).
"""

from __future__ import annotations

from math import pi

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.numeric import NumericBuffers, NumericEmbedding
from fnnctl.nn.parameters import NumericSegments


class PeriodicEmbedding(NumericEmbedding):
    """The functions are cos θ with θ = 2πwx + c, and their derivatives −sin θ."""

    def __init__(self, segments: NumericSegments, parameters: FloatArray) -> None:
        super().__init__(segments, parameters)
        if segments.frequencies is None or segments.phases is None:
            raise ValueError("a periodic embedding has frequencies and phases")
        self._frequencies, self._phases = segments.frequencies, segments.phases
        self._w, self._c = (each.view(parameters) for each in (self._frequencies, self._phases))

    def _fill(self, x: FloatArray, buffers: NumericBuffers) -> None:
        angles = buffers.functions
        np.multiply(x, 2.0 * pi * self._w, out=angles)
        angles += self._c
        if buffers.slopes.size:
            np.sin(angles, out=buffers.slopes)
            np.negative(buffers.slopes, out=buffers.slopes)
        np.cos(angles, out=angles)

    def _learn_functions(
        self, x: FloatArray, delta: FloatArray, buffers: NumericBuffers, gradient: FloatArray
    ) -> None:
        w = self._frequencies.view(gradient)
        np.matmul(delta, buffers.ones, out=self._phases.view(gradient))
        np.matmul(delta, x[..., None], out=w)
        w *= 2.0 * pi
