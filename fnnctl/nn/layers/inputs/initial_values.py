"""The initial values of the input stage's parameters."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.segments import NumericSegments, StageSegments
from fnnctl.nn.shape import InputStageShape


def initialize_stage(
    shape: InputStageShape,
    segments: StageSegments,
    parameters: FloatArray,
    *,
    sigma: float,
    rng: np.random.Generator,
) -> None:
    """Set the initial values in one member's parameters, (1, P).

    Factors are 1. Vectors of categories are drawn from N(0, 1), except that of missing and unknown values: it
    is 0, and stays so where there are none in training. `sigma` is the standard deviation of the frequencies
    of a periodic embedding.
    """
    if segments.scales is not None:
        segments.scales.view(parameters)[...] = 1.0
    if segments.numeric is not None:
        _initialize_numeric(segments.numeric, parameters, sigma=sigma, rng=rng)
    if segments.vectors is not None and shape.categories is not None:
        vectors, codes = segments.vectors.view(parameters), np.array(shape.categories.codes)
        vectors[...] = rng.normal(size=vectors.shape)
        vectors[..., np.cumsum(codes) - codes] = 0.0


def _initialize_numeric(
    segments: NumericSegments, parameters: FloatArray, *, sigma: float, rng: np.random.Generator
) -> None:
    """Frequencies from N(0, σ²), phases uniform on ±π, A and a uniform on ±1/√functions.

    Without them, in a piecewise linear embedding, A is 0: at first the network sees the numbers alone.
    """
    if segments.lines is None or segments.offsets is None:
        segments.mixing.view(parameters)[...] = 0.0
        return
    bound = 1.0 / sqrt(segments.mixing.shape[-1])
    lines, A, a = (each.view(parameters) for each in (segments.lines, segments.mixing, segments.offsets))
    lines[..., 0] = rng.normal(0.0, sigma, lines.shape[:-1])
    lines[..., 1] = rng.uniform(-pi, pi, lines.shape[:-1])
    A[...] = rng.uniform(-bound, bound, A.shape)
    a[...] = rng.uniform(-bound, bound, a.shape)
