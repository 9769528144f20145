from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.binning import bin_coordinates
from fnnctl.nn.layers.inputs.piecewise_linear import PiecewiseLinearEmbedding
from fnnctl.nn.segments import Segment

EDGES = np.array([-1.0, 0.0, 0.5, 4.0])


@given(st.lists(st.floats(-1.0, 4.0), min_size=1, max_size=8))
def test_components_by_their_definition(numbers: list[float]) -> None:
    """(x − e_i)/(e_{i+1} − e_i), clipped to [0, 1], for each bin; the fourth bin is not used."""
    x, layer = np.array(numbers), PiecewiseLinearEmbedding(Segment(0, (1, 4, 4)), np.eye(4).reshape(1, 16))
    functions, out = np.empty((2, 1, 1, 4, len(x)))
    layer.forward(bin_coordinates(x, EDGES)[None, None], out, functions)
    expected = [np.clip((x - low) / (high - low), 0.0, 1.0) for low, high in pairwise(EDGES)]
    np.testing.assert_allclose(out[0, 0], [*expected, np.zeros(len(x))], atol=1e-12)


def test_the_gradient_by_hand() -> None:
    """Two rows of one number with two bins; functions (0.5, 0) and (1, 0.25)."""
    layer, gradient = PiecewiseLinearEmbedding(Segment(1, (1, 1, 2)), np.zeros((1, 3))), np.zeros((1, 3))
    functions, out = np.empty((1, 1, 2, 2)), np.empty((1, 1, 1, 2))
    layer.forward(np.array([[[0.5, 1.25]]]), out, functions)
    layer.backward(np.array([[[[2.0, -4.0]]]]), functions, gradient)
    assert gradient.tolist() == [[0, 2 * 0.5 - 4 * 1, -4 * 0.25]]
