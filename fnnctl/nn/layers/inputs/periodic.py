"""The periodic embedding: e = A cos(2πwx + c) + a, with learned frequencies w and phases c for each number.

It lets a network learn functions of a number that change quickly (Gorishniy et al., 2022; the form is that of
Holzmüller et al., 2024, called PBLD).
"""

from __future__ import annotations

from math import pi

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.numeric import NumericBuffers, NumericEmbedding


class PeriodicEmbedding(NumericEmbedding):
    """The functions are cosines; numbers are multiplied by 2π."""

    unit = 2.0 * pi

    def _lines_of(self, parameters: FloatArray) -> FloatArray:
        if self.segments.lines is None:
            raise ValueError("a periodic embedding has frequencies and phases")
        return self.segments.lines.view(parameters)

    def _apply(self, buffers: NumericBuffers) -> None:
        if buffers.slopes.size:
            np.sin(buffers.functions, out=buffers.slopes)
        np.cos(buffers.functions, out=buffers.functions)
