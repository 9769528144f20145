"""The initial values of the input stage's parameters."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.segments import StageSegments
from fnnctl.nn.shape import InputStageShape


def initialize_stage(
    shape: InputStageShape, segments: StageSegments, parameters: FloatArray, *, rng: np.random.Generator
) -> None:
    """Set the initial values in one member's parameters, (1, P), which are 0.

    Factors are 1. Vectors of categories are drawn from N(0, 1), except that of missing and unknown values: it
    is 0, and stays so where there are none in training. Embeddings of numbers remain 0: at first the network
    sees the numbers alone.
    """
    if segments.scales is not None:
        segments.scales.view(parameters)[...] = 1.0
    if segments.vectors is not None and shape.categories is not None:
        vectors, codes = segments.vectors.view(parameters), np.array(shape.categories.codes)
        vectors[...] = rng.normal(size=vectors.shape)
        vectors[..., np.cumsum(codes) - codes] = 0.0
