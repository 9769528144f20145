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
    assert evaluated.normalization is not None
    assert not evaluated.normalization.training
    assert not evaluated.activation.training
    plain = buffers(HiddenShape(3, "tanh"))
    assert (plain.normalization, plain.dropout, plain.skipped) == (None, None, None)


def test_activations_are_a_view_above_a_row_of_ones() -> None:
    made = buffers(HiddenShape(3, "tanh"))
    made.a[...] = 7.0
    assert made.extended[0, :, 0].tolist() == [7.0, 7.0, 7.0, 1.0]
    assert made.z is made.a


def test_the_pre_activations_of_maxout_are_rows_of_their_own() -> None:
    made = buffers(ALL)
    assert made.z.shape == made.activation.slope.shape == (2, 6, 5)
    assert made.a.shape == (2, 3, 5)
    assert not np.shares_memory(made.z, made.a)


@pytest.mark.parametrize(("activation", "shared"), [("prelu", False), ("relu", True)])
def test_the_scratch_of_a_learned_activation_outlives_the_error_terms(activation: str, shared: bool) -> None:
    made = buffers(HiddenShape(3, activation))
    assert np.shares_memory(made.activation.spare, made.delta) == shared


def test_means_over_the_batch_or_over_the_units() -> None:
    batch, layer = (buffers(HiddenShape(3, "tanh", normalization=kind)) for kind in ("batch", "layer"))
    assert batch.normalization is not None
    assert layer.normalization is not None
    assert batch.normalization.deviation.shape == (2, 3, 1)
    assert layer.normalization.deviation.shape == (2, 1, 5)
