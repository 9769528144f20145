from __future__ import annotations

import numpy as np

from fnnctl.nn.layers.inputs.scaling import ScalingLayer


def test_by_hand() -> None:
    layer = ScalingLayer(np.array([[[2.0], [-1.0]]]))
    x, scaled = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), np.empty((1, 2, 3))
    layer.forward(x, scaled)
    assert scaled.tolist() == [[[2, 4, 6], [-4, -5, -6]]]
    delta, gradient = np.array([[[1.0, 0.0, 2.0], [1.0, 1.0, 1.0]]]), np.empty((1, 2, 1))
    layer.parameter_gradient(x, delta, gradient)
    assert gradient.ravel().tolist() == [1 + 6, 4 + 5 + 6]
    layer.backward(delta, slice(1, None))
    assert delta.tolist() == [[[1, 0, 2], [-1, -1, -1]]]
