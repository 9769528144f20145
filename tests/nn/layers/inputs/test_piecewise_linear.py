from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.binning import bin_coordinates
from fnnctl.nn.layers.inputs.numeric import numeric_buffers
from fnnctl.nn.layers.inputs.piecewise_linear import PiecewiseLinearEmbedding
from fnnctl.nn.segments import NumericSegments, Segment
from fnnctl.nn.shape import NumericEmbeddingShape

EDGES = np.array([-1.0, 0.0, 0.5, 4.0])


@given(st.lists(st.floats(-1.0, 4.0), min_size=1, max_size=8))
def test_components_by_their_definition(numbers: list[float]) -> None:
    """(x − e_i)/(e_{i+1} − e_i), clipped to [0, 1], for each bin; the fourth bin is not used."""
    x, shape = np.array(numbers), NumericEmbeddingShape("piecewise_linear", 1, functions=4, size=5)
    buffers = numeric_buffers(shape, 1, len(x), np.dtype(np.float64), training=True)
    layer = PiecewiseLinearEmbedding(NumericSegments(Segment(0, (1, 4, 4))), np.eye(4).reshape(1, 16))
    out = np.empty((1, 1, 4, len(x)))
    layer.forward(bin_coordinates(x, EDGES)[None, None], out, buffers)
    expected = [np.clip((x - low) / (high - low), 0.0, 1.0) for low, high in pairwise(EDGES)]
    np.testing.assert_allclose(out[0, 0], [*expected, np.zeros(len(x))], atol=1e-12)
