from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.numeric import numeric_buffers
from fnnctl.nn.layers.inputs.periodic import PeriodicEmbedding
from fnnctl.nn.parameters import NumericSegments, Segment
from fnnctl.nn.shape import NumericEmbeddingShape

SHAPE = NumericEmbeddingShape("periodic", numbers=1, functions=2, size=2)
SEGMENTS = NumericSegments(
    Segment(0, (1, 1, 2)), Segment(2, (1, 1, 1)), Segment(3, (1, 2, 1)), Segment(5, (1, 2, 1))
)
A, a, w, c = (0.5, -2.0), 0.25, (0.1, 0.7), (1.0, -0.5)
PARAMETERS = np.array([[*A, a, *w, *c]])


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
    layer.backward(x, np.full((1, 1, 1, 1), 2.0), buffers, gradient)
    angles = [2 * pi * w[i] * 1.5 + c[i] for i in range(2)]
    slopes = [-2 * A[i] * sin(angle) for i, angle in enumerate(angles)]
    expected = [*(2 * cos(angle) for angle in angles), 2, *(2 * pi * 1.5 * s for s in slopes), *slopes]
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_embedding_has_the_same_bits_wherever_its_row_stands(dtype: type[np.floating]) -> None:
    """The cosine of a number does not depend on its position in a vector register."""
    shape = NumericEmbeddingShape("periodic", numbers=3, functions=16, size=2)
    segments = NumericSegments(
        Segment(0, (3, 1, 16)), Segment(48, (3, 1, 1)), Segment(51, (3, 16, 1)), Segment(99, (3, 16, 1))
    )
    rng = np.random.default_rng(0)
    layer = PeriodicEmbedding(segments, rng.normal(0.0, 2.0, (1, 147)).astype(dtype))

    def cosines(x: FloatArray) -> FloatArray:
        buffers = numeric_buffers(shape, 1, x.shape[2], np.dtype(dtype), training=False)
        layer.forward(x, np.empty((1, 3, 1, x.shape[2]), dtype), buffers)
        return buffers.functions

    x = rng.normal(0.0, 3.0, (1, 3, 37)).astype(dtype)
    whole = cosines(x)
    for row in range(37):
        assert cosines(x[:, :, row : row + 1]).tobytes() == whole[..., row : row + 1].tobytes()
