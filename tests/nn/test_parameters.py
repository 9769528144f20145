from __future__ import annotations

import numpy as np

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape

SHAPE = NetworkShape(4, (HiddenShape(3, "prelu"), HiddenShape(2, "prelu", shared=True)), 5)


def test_size_by_hand() -> None:
    """3·(4+1) + 2·(3+1) + 5·(2+1) weights and biases, 3 + 1 slopes."""
    assert ParameterLayout(SHAPE).size == 15 + 8 + 15 + 4


def test_views_cover_the_row_once() -> None:
    layout = ParameterLayout(SHAPE)
    flat = np.zeros((2, layout.size))
    for block in (*layout.weights, *layout.slopes):
        if block is not None:
            block.view(flat)[...] += 1.0
    np.testing.assert_array_equal(flat, 1.0)


def test_only_weights_are_penalised() -> None:
    layout = ParameterLayout(SHAPE)
    mask = layout.weight_mask(np.dtype(np.float32))
    assert mask.sum() == 3 * 4 + 2 * 3 + 5 * 2
    for block in layout.weights:
        np.testing.assert_array_equal(block.view(mask)[..., -1], 0.0)
