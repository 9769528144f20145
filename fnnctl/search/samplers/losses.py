"""Losses for models that compare their sizes, not only their order: none is infinite, and none is huge."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray

EARLY: Final = 10
"""So many of the first losses say what is usual."""
FAR: Final = 10.0
"""How much farther from the usual loss the largest one may be than the smallest one is."""


def bounded(losses: FloatArray) -> FloatArray:
    """Losses in the order of trials: infinite ones count as the largest finite one, and huge ones as smaller.

    A single huge loss would make all others look equal. The median of the first losses says what is usual,
    because later ones gather at the optimum. At least one loss must be finite.
    """
    finite = losses[np.isfinite(losses)]
    usual, best = float(np.median(finite[:EARLY])), float(finite.min())
    most = usual + FAR * (usual - best) if best < usual else np.inf
    return np.minimum(losses, min(most, float(finite.max())))
