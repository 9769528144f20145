"""The loss of each output."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.nn.losses.base import Loss
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES

LOSSES: Final[dict[str, type[Loss]]] = {**CROSS_ENTROPIES, **REAL_VALUE_LOSSES}
"""By the name of the output."""


def target_type(output: str, dtype: np.dtype[np.floating]) -> np.dtype[np.generic]:
    """The type of targets and predictions for this output and this working type."""
    return np.dtype(LOSSES[output].target_type or dtype)
