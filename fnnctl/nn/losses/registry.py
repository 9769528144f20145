"""The loss of each kind of output."""

from __future__ import annotations

import numpy as np

from fnnctl.nn.losses.base import Loss
from fnnctl.nn.losses.cross_entropy import LogisticCrossEntropy, SoftmaxCrossEntropy
from fnnctl.nn.losses.real_values import AbsoluteError, HuberLoss, RealValueLoss, SquaredError
from fnnctl.nn.shape import OutputKind

REAL_VALUE_LOSSES: dict[OutputKind, type[RealValueLoss]] = {
    "squared": SquaredError,
    "absolute": AbsoluteError,
    "huber": HuberLoss,
}
LOSSES: dict[OutputKind, type[Loss]] = {
    "softmax": SoftmaxCrossEntropy,
    "logistic": LogisticCrossEntropy,
    **REAL_VALUE_LOSSES,
}


def target_type(output: OutputKind, dtype: np.dtype[np.floating]) -> np.dtype[np.generic]:
    """The type of targets and predictions for this kind of output and this working type."""
    return np.dtype(LOSSES[output].target_type or dtype)
