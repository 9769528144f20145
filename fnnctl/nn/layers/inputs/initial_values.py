"""The initial values of the input stage's parameters."""

from __future__ import annotations

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import StageSegments


def initialize_stage(segments: StageSegments, parameters: FloatArray) -> None:
    """Set the initial values in one member's parameters, (1, P): factors of 1."""
    if segments.scales is not None:
        segments.scales.view(parameters)[...] = 1.0
