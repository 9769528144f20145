from __future__ import annotations

import numpy as np

from fnnctl.nn.layers.inputs.categories import CategoryEmbedding, category_buffers
from fnnctl.nn.segments import Segment
from fnnctl.nn.shape import CategoryEmbeddingShape

SHAPE = CategoryEmbeddingShape((2, 3), size=2)
TABLES = np.arange(20.0).reshape(2, 10)
"""Of two members: (size 2, codes 2 + 3)."""
CODES = np.array([[[0.0, 1.0, 1.0], [2.0, 2.0, 0.0]], [[1.0, 0.0, 0.0], [1.0, 0.0, 2.0]]])


def test_vectors_are_looked_up_by_code() -> None:
    buffers, out = category_buffers(SHAPE, 2, 3), np.empty((2, 2, 2, 3))
    CategoryEmbedding(SHAPE, Segment(0, (2, 5)), TABLES).forward(CODES, out, buffers)
    assert out[0].tolist() == [[[0, 1, 1], [4, 4, 2]], [[5, 6, 6], [9, 9, 7]]]
    assert out[1].tolist() == [[[11, 10, 10], [13, 12, 14]], [[16, 15, 15], [18, 17, 19]]]


def test_the_gradient_sums_over_the_rows_of_a_code() -> None:
    buffers, gradient = category_buffers(SHAPE, 2, 3), np.full((2, 10), np.nan)
    layer = CategoryEmbedding(SHAPE, Segment(0, (2, 5)), TABLES)
    layer.forward(CODES, np.empty((2, 2, 2, 3)), buffers)
    delta = np.zeros((2, 2, 2, 3))
    delta[0, 0] = [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]
    delta[1, 1] = [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]
    layer.backward(delta, buffers, gradient)
    assert gradient.tolist() == [[1, 6, 32, 0, 24, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 6, 1, 16, 8, 32]]


def test_one_network_for_several_slices_of_rows() -> None:
    """As in prediction: the members of the buffers are slices of rows, which share a network."""
    buffers, out = category_buffers(SHAPE, 2, 3), np.empty((2, 2, 2, 3))
    CategoryEmbedding(SHAPE, Segment(0, (2, 5)), TABLES[:1]).forward(CODES, out, buffers)
    assert out[1].tolist() == [[[1, 0, 0], [3, 2, 4]], [[6, 5, 5], [8, 7, 9]]]


def test_a_number_that_is_no_code_gets_a_vector_of_its_column() -> None:
    buffers, out = category_buffers(SHAPE, 1, 2), np.empty((1, 2, 2, 2))
    layer = CategoryEmbedding(SHAPE, Segment(0, (2, 5)), TABLES[:1])
    layer.forward(np.array([[[-3.0, 1e30], [99.0, -0.5]]]), out, buffers)
    assert out[0, 0].tolist() == [[0, 1], [4, 2]]
