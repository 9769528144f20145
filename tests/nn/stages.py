"""Input stages for the tests: of each kind, and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from fnnctl.nn.shape import InputStageShape

INPUTS = 7
"""The number of features of the networks with `STAGES`."""
STAGES = (InputStageShape(scaled=True),)


@st.composite
def input_stages(draw: st.DrawFn, inputs: int) -> InputStageShape | None:
    """Any stage for a network with so many features, or none."""
    return InputStageShape(scaled=True) if draw(st.booleans()) else None
