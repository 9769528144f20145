"""Plain networks: the products that leave out their embeddings give what the complete ones give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.nn.layers.first_inputs import InputGroup, input_groups
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from tests.nn.gradients import Case
from tests.nn.layers.plain_networks import mixing_of, product_and_gradient, without_embedding
from tests.nn.stages import INPUTS, PIECEWISE

STAGES = {
    "values": InputStageShape(PIECEWISE),
    "scaled": InputStageShape(PIECEWISE, scaled=True),
    "scaled weights": InputStageShape(replace(PIECEWISE, own_edges=True, code="both"), scaled=True),
}
WIDTH = STAGES["values"].outputs(INPUTS)
HIDDEN = {
    "biased": (HiddenShape(5, "tanh"), HiddenShape(4, "relu")),
    "normalized": (HiddenShape(5, "tanh", normalization="batch"),),
    "a single unit": (HiddenShape(1, "tanh"),),
    "residual": (HiddenShape(WIDTH, "tanh", residual=True),),
    "linear": (),
}


@pytest.mark.parametrize(
    ("plain", "groups"),
    [
        ([], [(slice(None), False)]),
        ([0, 1, 2, 3], [(slice(None), True)]),
        ([1, 3], [(slice(0, None, 2), False), (slice(1, None, 2), True)]),
        ([0, 2], [(slice(0, None, 2), True), (slice(1, None, 2), False)]),
        ([1, 2], [(slice(k, k + 1), k in (1, 2)) for k in range(4)]),
    ],
)
def test_alternating_networks_are_two_groups_and_others_one_each(
    plain: list[int], groups: list[tuple[slice, bool]]
) -> None:
    assert input_groups(np.array(plain, np.intp), 4) == [InputGroup(*group) for group in groups]


@pytest.mark.parametrize("plain", [[1, 3], [0, 2], [0, 1, 2, 3], [0, 3]], ids=str)
@pytest.mark.parametrize("stage", ["values", "scaled"])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_gradients_are_those_of_complete_products(hidden: str, stage: str, plain: list[int]) -> None:
    shape = NetworkShape(INPUTS, HIDDEN[hidden], OutputShape(3), stage=STAGES[stage])
    case = without_embedding(Case(shape, seed=1, members=4, batch=6), plain)
    scores, expected = product_and_gradient(case, [])
    mixing_of(case, expected)[plain] = 0.0
    own_scores, gradient = product_and_gradient(case, plain)
    np.testing.assert_allclose(own_scores, scores, rtol=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("plain", [[], [1, 3], [1, 2]], ids=str)
@pytest.mark.parametrize("stage", ["scaled", "scaled weights"])
def test_a_network_has_equal_bits_in_every_stack(stage: str, plain: list[int]) -> None:
    shape = NetworkShape(INPUTS, HIDDEN["biased"], OutputShape(3), stage=STAGES[stage])
    case = Case(shape, seed=5, members=4, batch=6)
    together = product_and_gradient(case, plain)
    for k in range(4):
        alone = product_and_gradient(case, [0] if k in plain else [], slice(k, k + 1))
        assert [array[k].tobytes() for array in together] == [array[0].tobytes() for array in alone]
