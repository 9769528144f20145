"""Some networks of a stack, of which those without an embedding are named or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.penalties import Penalty
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import FLOAT64, Case


def mixing_of(case: Case, flat: FloatArray) -> FloatArray:
    """The weights of the embeddings of numbers, (K, …)."""
    assert case.layout.stage is not None
    assert case.layout.stage.mixing is not None
    return case.layout.stage.mixing.view(flat)


def without_embedding(case: Case, plain: Sequence[int]) -> Case:
    mixing_of(case, case.network.parameters)[[*plain]] = 0.0
    return case


def product_and_gradient(
    case: Case, plain: Sequence[int], members: slice = slice(None)
) -> tuple[FloatArray, FloatArray]:
    """The scores of some of the networks, and the gradient of their risk."""
    network = case.network
    own = Network(
        case.layout,
        network.parameters[members].copy(),
        network.statistics[members],
        {name: values[members] for name, values in network.hyperparameters.items()},
        plain=np.array(plain, np.intp),
    )
    count = len(own.parameters)
    work = Workspace(case.layout.shape, count, case.batch, FLOAT64, training=True)
    work.inputs[...] = case.work.inputs[members]
    work.targets.y[...] = case.work.targets.y[members]
    work.set_targets()
    penalty = Penalty(case.layout.weight_mask(FLOAT64), l2=np.zeros(count), l1=None)
    scores, back = own.forward(work).copy(), BackPropagation(own, penalty)
    for _ in range(2):  # an optimizer uses the gradient's memory
        gradient = back.risk_gradient(work).copy()
        back.gradient.fill(np.nan)
    return scores, gradient
