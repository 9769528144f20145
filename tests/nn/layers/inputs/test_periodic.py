from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest

from fnnctl.nn.layers.inputs.numeric import numeric_buffers
from fnnctl.nn.layers.inputs.periodic import PeriodicEmbedding
from fnnctl.nn.segments import NumericSegments, Segment
from fnnctl.nn.shape import NumericEmbeddingShape

SHAPE = NumericEmbeddingShape("periodic", numbers=1, functions=2, size=2)
SEGMENTS = NumericSegments(Segment(0, (1, 1, 2)), Segment(2, (1, 1, 1)), Segment(3, (1, 2, 2)))
A, a, w, c = (0.5, -2.0), 0.25, (0.1, 0.7), (1.0, -0.5)
PARAMETERS = np.array([[*A, a, w[0], c[0], w[1], c[1]]])


@pytest.mark.parametrize("training", [False, True])
def test_the_embedding_by_its_formula(training: bool) -> None:
    x, out = np.array([[[0.0, 1.5, -3.0]]]), np.empty((1, 1, 1, 3))
    buffers = numeric_buffers(SHAPE, 1, 3, np.dtype(np.float64), training=training)
    PeriodicEmbedding(SEGMENTS, PARAMETERS).forward(x, out, buffers)
    expected = [a + sum(A[i] * cos(2 * pi * w[i] * each + c[i]) for i in range(2)) for each in x.ravel()]
    np.testing.assert_allclose(out.ravel(), expected, rtol=1e-13)


def test_the_gradient_by_its_formula() -> None:
    """Of one row, with ∂L/∂e = 2."""
    x, buffers = np.array([[[1.5]]]), numeric_buffers(SHAPE, 1, 1, np.dtype(np.float64), training=True)
    layer, gradient = PeriodicEmbedding(SEGMENTS, PARAMETERS), np.empty((1, 7))
    layer.forward(x, np.empty((1, 1, 1, 1)), buffers)
    layer.backward(np.full((1, 1, 1, 1), 2.0), buffers, gradient)
    angles = [2 * pi * w[i] * 1.5 + c[i] for i in range(2)]
    slopes = [-2 * A[i] * sin(angle) for i, angle in enumerate(angles)]
    lines = [part for slope in slopes for part in (2 * pi * 1.5 * slope, slope)]
    expected = [*(2 * cos(angle) for angle in angles), 2, *lines]
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-13)
