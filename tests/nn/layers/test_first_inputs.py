"""Plain networks: the products that leave out their embeddings give what the complete ones give."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.layers.first_inputs import InputGroup, input_groups
from fnnctl.nn.network import Network
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import Case
from tests.nn.stages import INPUTS, PIECEWISE

STAGES = [InputStageShape(PIECEWISE), InputStageShape(PIECEWISE, scaled=True)]
WIDTH = STAGES[0].outputs(INPUTS)
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


@pytest.mark.parametrize("plain", [[1, 3], [0, 1, 2, 3], [0, 3]], ids=str)
@pytest.mark.parametrize("stage", STAGES, ids=["values", "scaled"])
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
def test_gradients_are_those_of_complete_products(
    hidden: tuple[HiddenShape, ...], stage: InputStageShape, plain: list[int]
) -> None:
    case = Case(NetworkShape(INPUTS, hidden, OutputShape(3), stage=stage), seed=1, members=4, batch=6)
    network, segments = case.network, case.layout.stage
    assert segments is not None
    assert segments.mixing is not None
    segments.mixing.view(network.parameters)[plain] = 0.0
    expected = case.gradient().copy()
    segments.mixing.view(expected)[plain] = 0.0
    with_plain = Network(
        case.layout,
        network.parameters,
        network.statistics,
        network.hyperparameters,
        plain=np.array(plain, np.intp),
    )
    back = BackPropagation(with_plain, case.penalty)
    for _ in range(2):  # an optimizer uses the gradient's memory
        gradient = back.risk_gradient(case.work, case.rngs()).copy()
        back.gradient.fill(np.nan)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("plain", [[1, 3], [1, 2]], ids=str)
def test_a_plain_network_has_equal_bits_in_every_stack(plain: list[int]) -> None:
    shape = NetworkShape(INPUTS, HIDDEN["biased"], OutputShape(3), stage=STAGES[1])
    case = Case(shape, seed=2, members=4, batch=6)

    def scores(networks: slice, indices: list[int]) -> FloatArray:
        work = Workspace(shape, networks.stop - networks.start, 6, np.dtype(np.float64), training=False)
        work.inputs[...] = case.work.inputs[networks]
        network = Network(
            case.layout,
            case.network.parameters[networks],
            case.network.statistics[networks],
            {name: array[networks] for name, array in case.network.hyperparameters.items()},
            plain=np.array(indices, np.intp),
        )
        return network.forward(work).copy()

    together, alone = scores(slice(0, 4), plain), scores(slice(1, 2), [0])
    assert together[1:2].tobytes() == alone.tobytes()
