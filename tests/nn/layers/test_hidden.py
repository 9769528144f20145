from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.layers.hidden import HiddenBuffers, hidden_buffers
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape

ALL = HiddenShape(3, "maxout", pieces=2, normalization="batch", dropout=True, residual=True)


def buffers(layer: HiddenShape, *, training: bool = True) -> HiddenBuffers:
    shape = NetworkShape(4, (layer,), OutputShape(3))
    return hidden_buffers(shape, 2, 5, np.dtype(np.float32), training=training)[0]


def test_what_only_the_backward_pass_needs_is_left_out() -> None:
    trained, evaluated = buffers(ALL), buffers(ALL, training=False)
    assert trained.dropout is not None
    assert trained.skipped is not None
    assert (evaluated.dropout, evaluated.skipped) == (None, None)
    assert not evaluated.activation.training


def test_activations_are_a_view_above_a_row_of_ones() -> None:
    """The pre-activations are in the same memory, unless there are several per unit."""
    made, pieces = buffers(HiddenShape(3, "tanh")), buffers(ALL)
    made.a[...] = 7.0
    assert made.extended[0, :, 0].tolist() == [7.0, 7.0, 7.0, 1.0]
    assert made.z is made.a
    assert (pieces.z.shape, pieces.a.shape) == ((2, 6, 5), (2, 3, 5))


@pytest.mark.parametrize(("activation", "shared"), [("prelu", False), ("relu", True)])
def test_the_scratch_of_a_learned_activation_outlives_the_error_terms(activation: str, shared: bool) -> None:
    made = buffers(HiddenShape(3, activation))
    assert np.shares_memory(made.activation.spare, made.delta) == shared
