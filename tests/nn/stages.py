"""Input stages for the tests: of each kind, and at random."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from hypothesis import strategies as st

from fnnctl.nn.shape import EmbeddingCode, InputStageShape, NumericEmbeddingShape

INPUTS = 7
"""The number of features of the networks with `STAGES`."""
PIECEWISE = NumericEmbeddingShape(numbers=2, bins=4, size=3)
STAGES = (
    InputStageShape(scaled=True),
    InputStageShape(PIECEWISE),
    InputStageShape(PIECEWISE, scaled=True),
    InputStageShape(replace(PIECEWISE, own_edges=True, code="both"), scaled=True),
    InputStageShape(replace(PIECEWISE, code="steps")),
)


@st.composite
def input_stages(draw: st.DrawFn, inputs: int) -> InputStageShape | None:
    """Any stage for a network with so many features, or none."""
    numeric = None
    if inputs >= 2 and draw(st.booleans()):
        numeric = NumericEmbeddingShape(
            numbers=draw(st.integers(1, inputs // 2)),
            bins=draw(st.integers(1, 5)),
            size=draw(st.integers(2, 4)),
            own_edges=draw(st.booleans()),
            code=draw(st.sampled_from(get_args(EmbeddingCode))),
        )
    stage = InputStageShape(numeric, scaled=draw(st.booleans()))
    return None if stage == InputStageShape() else stage
