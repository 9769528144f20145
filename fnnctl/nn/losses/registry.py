"""The loss of each output."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.nn.losses.base import Loss
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.log_means import LOG_MEAN_LOSSES
from fnnctl.nn.losses.real_values import ERROR_LOSSES, RealValueLoss

REAL_VALUE_LOSSES: Final[dict[str, type[RealValueLoss]]] = {**ERROR_LOSSES, **LOG_MEAN_LOSSES}
"""Those of a regression, by the name of the output."""
LOSSES: Final[dict[str, type[Loss]]] = {**CROSS_ENTROPIES, **REAL_VALUE_LOSSES}
"""By the name of the output."""


def target_type(output: str, dtype: np.dtype[np.floating]) -> np.dtype[np.generic]:
    """The type of targets and predictions for this output and this working type."""
    return np.dtype(LOSSES[output].target_type or dtype)
