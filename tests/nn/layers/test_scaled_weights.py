from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from tests.nn.gradients import Case
from tests.nn.layers.plain_networks import product_and_gradient, without_embedding
from tests.nn.stages import INPUTS, PIECEWISE

NUMERIC = replace(PIECEWISE, own_edges=True, code="both")
HIDDEN = (HiddenShape(5, "tanh"), HiddenShape(4, "tanh"))
SHAPE = NetworkShape(INPUTS, HIDDEN, OutputShape(3), stage=InputStageShape(NUMERIC, scaled=True))


@pytest.mark.parametrize(
    ("shape", "scales_weights"),
    [
        (SHAPE, True),
        (replace(SHAPE, stage=InputStageShape(NUMERIC)), False),
        (replace(SHAPE, stage=InputStageShape(PIECEWISE, scaled=True)), False),
        (replace(SHAPE, stage=InputStageShape(scaled=True)), False),
        (replace(SHAPE, hidden=()), False),
        (replace(SHAPE, hidden=(HiddenShape(11, "tanh", residual=True),)), False),
        (replace(SHAPE, inner_members=2), False),
    ],
)
def test_weights_are_scaled_if_edges_are_own(shape: NetworkShape, scales_weights: bool) -> None:
    assert shape.scales_weights == scales_weights
    scaled = shape.stage is not None and shape.stage.scaled
    assert shape.scales_inputs == (scaled and not scales_weights)


@pytest.mark.parametrize("plain", [[], [1, 3]])
def test_scaled_weights_are_weights_of_scaled_inputs(
    plain: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores and gradients are those of networks that scale their inputs, but for rounding."""
    case = without_embedding(Case(SHAPE, seed=2, members=4, batch=6), plain)
    scaled = product_and_gradient(case, plain)
    monkeypatch.setattr(NetworkShape, "scales_weights", False)
    for array, expected in zip(scaled, product_and_gradient(case, plain), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-11, atol=1e-13)
